import path from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";
import type { BuildIdentity } from "./identity.ts";

const root = path.join(import.meta.dirname, "..");

/** Programs of a root file system, by the name of their one file in /app. */
export interface Programs {
  /** The first process. It loads or starts the others by itself, and must hold nothing else. */
  readonly first: Readonly<Record<string, string>>;
  readonly others: Readonly<Record<string, string>>;
}

const everywhere = { keeper: "storage/keeper/main.ts", swarmnfs: "cli/main.ts" };

export const pluginPrograms: Programs = {
  first: { entry: "plugin/entry.ts" },
  others: {
    ...everywhere,
    main: "plugin/main.ts",
    transfer: "storage/transfer/main.ts",
    scratch: "plugin/cluster/scratch-main.ts",
  },
};

export const serverPrograms: Programs = {
  first: { init: "nfs-server/init.ts" },
  others: { ...everywhere, main: "nfs-server/main.ts" },
};

export const backupPrograms: Programs = {
  first: {},
  others: { ...everywhere, main: "backup-sidecar/main.ts", health: "backup-sidecar/health.ts" },
};

/**
 * What Node.js is told of the backup service: what passes through it is collected at once, and its code kept small. Measured while
 * it sends packs: 45 MB of its own instead of 88 (medians of three, in turn), for as much of the processor.
 */
export const backupFlags: readonly string[] = ["--max-semi-space-size=1", "--optimize-for-size"];

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

/** Writes `<name>.mjs` for each of the programs into `outdir`. */
export async function bundle(
  outdir: string,
  identity: BuildIdentity,
  programs = pluginPrograms,
): Promise<void> {
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
  await build({ ...options, entryPoints: { ...programs.others }, banner: { js: banner } });
  if (Object.keys(programs.first).length > 0)
    await build({ ...options, entryPoints: { ...programs.first } });
}
