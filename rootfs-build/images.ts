// Builds dist/server: the image of the storage node's NFS server, as an archive for `docker load`.
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import * as z from "zod";
import { chosenMakers, provideBase, type Base } from "./base.ts";
import { bundle, serverPrograms } from "./bundle.ts";
import { replaceWhole } from "./dist.ts";
import { newIdentity } from "./identity.ts";
import { writeImageArchive, type ImageConfig, type PlacedLayer } from "./image-archive.ts";
import { writeLayer, type Layer } from "./layer.ts";
import { serverRecipe } from "./recipe.ts";

const layer: z.ZodType<Layer> = z.object({
  digest: z.string(),
  size: z.int(),
  diffId: z.string(),
});

/** As the compose file names it. */
const image = "swarmnfs/nfs-server";

const identity = await newIdentity();
const names = [`${image}:${identity.version}`, `${image}:latest`];
const config: ImageConfig = {
  Entrypoint: ["/usr/bin/tini", "--", "/usr/local/bin/node", "/app/init.mjs"],
  Env: ["PATH=/usr/local/bin:/usr/sbin:/usr/bin"],
  Labels: {
    "org.opencontainers.image.title": "swarmnfs NFS server",
    "org.opencontainers.image.description":
      "The storage node of swarmnfs: kernel NFS, one app apart from the other",
    "org.opencontainers.image.source": "https://github.com/swarmnfs/swarmnfs",
    "org.opencontainers.image.licenses": "Apache-2.0",
    "org.opencontainers.image.version": identity.version,
    "org.opencontainers.image.revision": identity.id,
  },
  StopSignal: "SIGTERM",
  WorkingDir: "/",
};

const base = await provideBase(chosenMakers(), serverRecipe);
const debian = await baseLayer(base);
let size = 0;
await replaceWhole(["server"], async (work) => {
  const server = path.join(work, "server");
  await mkdir(server);
  const ours = await ownLayer(work);
  size = await writeImageArchive(
    path.join(server, "image.tar"),
    path.join(work, "image"),
    names,
    config,
    [debian, ours],
  );
  await writeFile(path.join(server, "build"), `${identity.id}\n`);
});
process.stdout.write(
  `${names[0]} (${identity.id}): ${(size / 1e6).toFixed(1)} MB compressed. To load it: docker load --input dist/server/image.tar\n`,
);

/** The same for every build until Debian or Node.js changes: what a registry and an engine keep once. */
async function baseLayer({ folder, rootfs }: Base): Promise<PlacedLayer> {
  const file = path.join(folder, "layer.tar.gz");
  const description = path.join(folder, "layer.json");
  if (existsSync(description)) {
    return { ...layer.parse(JSON.parse(await readFile(description, "utf8"))), file };
  }
  const unfinished = `${file}.${process.pid}`;
  const made = await writeLayer(rootfs, unfinished);
  await rename(unfinished, file);
  await writeFile(description, JSON.stringify(made));
  return { ...made, file };
}

/** Our own programs, and `swarmnfs` for `docker exec`. */
async function ownLayer(work: string): Promise<PlacedLayer> {
  const root = path.join(work, "root");
  await bundle(path.join(root, "app"), identity, serverPrograms);
  await writeFile(path.join(root, "app/build"), `${identity.id}\n`);
  const bin = path.join(root, "usr/local/bin");
  await mkdir(bin, { recursive: true });
  const command = path.join(bin, "swarmnfs");
  await writeFile(command, '#!/usr/local/bin/node\nimport("/app/swarmnfs.mjs");\n');
  await chmod(command, 0o755);
  const file = path.join(work, "layer.tar.gz");
  return { ...(await writeLayer(root, file)), file };
}
