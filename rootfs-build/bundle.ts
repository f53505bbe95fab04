import path from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";

const root = path.join(import.meta.dirname, "..");

/** What the bundler writes into `service/version.ts`. */
export interface BuildIdentity {
  readonly version: string;
  /** Different for every build: Docker refuses a second plugin whose files are identical to another's. */
  readonly id: string;
}

/** Programs of the plugin's root file system, by the name of their one file in /app. */
const programs = {
  main: "plugin/main.ts",
  keeper: "storage/keeper/main.ts",
  swarmnfs: "cli/main.ts",
};

// express, pino and dockerode are CommonJS inside: their `require` and `__dirname` need a home.
const banner = `import { createRequire as createRequireForBundle } from "node:module";
const require = createRequireForBundle(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;`;

/**
 * What dockerode loads for things we never ask of it (engines behind ssh, builds): half of the bundle, and of the time
 * and the memory it takes to load. Using it after all fails loudly: nothing is there.
 */
const unused: Plugin = {
  name: "unused",
  setup(bundler) {
    const filter = /^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs|tar-fs)$/;
    bundler.onResolve({ filter }, (found) => ({ path: found.path, namespace: "unused" }));
    bundler.onLoad({ filter, namespace: "unused" }, () => ({ contents: "module.exports = {};" }));
  },
};

/** Writes `<name>.mjs` for the plugin's entry file and for each program into `outdir`. */
export async function bundle(outdir: string, identity: BuildIdentity): Promise<void> {
  const options: BuildOptions = {
    absWorkingDir: root,
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    plugins: [unused],
    define: {
      SWARMNFS_BUILD_VERSION: JSON.stringify(identity.version),
      SWARMNFS_BUILD_ID: JSON.stringify(identity.id),
    },
    logLevel: "warning",
  };
  await build({ ...options, entryPoints: programs, banner: { js: banner } });
  // It loads main.mjs by itself, once it listens, and must hold nothing else.
  await build({ ...options, entryPoints: { entry: "plugin/entry.ts" } });
}
