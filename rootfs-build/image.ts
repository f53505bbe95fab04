import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import * as z from "zod";
import { chosenMakers, provideBase, type Base } from "./base.ts";
import { bundle, type Programs } from "./bundle.ts";
import { replaceWhole } from "./dist.ts";
import type { BuildIdentity } from "./identity.ts";
import { writeImageArchive, type ImageConfig, type PlacedLayer } from "./image-archive.ts";
import { writeLayer, type Layer } from "./layer.ts";
import type { Recipe } from "./recipe.ts";

const layer: z.ZodType<Layer> = z.object({
  digest: z.string(),
  size: z.int(),
  diffId: z.string(),
});

/** Node.js in an image. */
const node = "usr/local/bin/node";

/** One of our images. */
export interface Image {
  /** As compose files name it. */
  readonly name: string;
  /** Its folder in dist. */
  readonly folder: string;
  readonly recipe: Recipe;
  /** Ours; null: it runs `first` alone, a program of Debian, and has no Node.js. */
  readonly programs: Programs | null;
  /** The first program's file in /app, or the path of Debian's. */
  readonly first: string;
  /** For Node.js, which runs it. */
  readonly flags?: readonly string[];
  readonly title: string;
  readonly description: string;
}

/** Builds it as an archive for `docker load`, and says so. */
export async function buildImage(image: Image, identity: BuildIdentity): Promise<void> {
  // What it is called must say what it is where it is taken to: beside others, on a storage node.
  const archive = `${image.name.replace("/", "-")}.tar`;
  const names = [`${image.name}:${identity.version}`, `${image.name}:latest`];
  const base = await provideBase(chosenMakers(), image.recipe);
  const debian = await baseLayer(base, image.programs === null ? [node] : []);
  let size = 0;
  await replaceWhole([image.folder], async (work) => {
    const folder = path.join(work, image.folder);
    await mkdir(folder);
    const ours = image.programs === null ? [] : [await ownLayer(work, image.programs, identity)];
    size = await writeImageArchive(
      path.join(folder, archive),
      path.join(work, "image"),
      names,
      configOf(image, identity),
      [debian, ...ours],
    );
    await writeFile(path.join(folder, "build"), `${identity.id}\n`);
  });
  process.stdout.write(
    `${names[0]} (${identity.id}): ${(size / 1e6).toFixed(1)} MB compressed. To load it: docker load --input dist/${image.folder}/${archive}\n`,
  );
}

function configOf(image: Image, identity: BuildIdentity): ImageConfig {
  const { programs, first, flags = [], title, description } = image;
  return {
    Entrypoint:
      programs === null
        ? [first]
        : ["/usr/bin/tini", "--", `/${node}`, ...flags, `/app/${first}.mjs`],
    Env: ["PATH=/usr/local/bin:/usr/sbin:/usr/bin"],
    Labels: {
      "org.opencontainers.image.title": title,
      "org.opencontainers.image.description": description,
      "org.opencontainers.image.source": "https://github.com/swarmnfs/swarmnfs",
      "org.opencontainers.image.licenses": "Apache-2.0",
      "org.opencontainers.image.version": identity.version,
      "org.opencontainers.image.revision": identity.id,
    },
    StopSignal: "SIGTERM",
    WorkingDir: "/",
  };
}

/** The same for every build until Debian or Node.js changes: what a registry and an engine keep once. */
async function baseLayer(
  { folder, rootfs }: Base,
  leftOut: readonly string[],
): Promise<PlacedLayer> {
  const file = path.join(folder, "layer.tar.gz");
  const description = path.join(folder, "layer.json");
  if (existsSync(description)) {
    return { ...layer.parse(JSON.parse(await readFile(description, "utf8"))), file };
  }
  const unfinished = `${file}.${process.pid}`;
  const made = await writeLayer(rootfs, unfinished, leftOut);
  await rename(unfinished, file);
  await writeFile(description, JSON.stringify(made));
  return { ...made, file };
}

/** Our own programs, and `swarmnfs` for `docker exec`. */
async function ownLayer(
  work: string,
  programs: Programs,
  identity: BuildIdentity,
): Promise<PlacedLayer> {
  const root = path.join(work, "root");
  await bundle(path.join(root, "app"), identity, programs);
  await writeFile(path.join(root, "app/build"), `${identity.id}\n`);
  const bin = path.join(root, "usr/local/bin");
  await mkdir(bin, { recursive: true });
  const command = path.join(bin, "swarmnfs");
  await writeFile(command, '#!/usr/local/bin/node\nimport("/app/swarmnfs.mjs");\n');
  await chmod(command, 0o755);
  const file = path.join(work, "layer.tar.gz");
  return { ...(await writeLayer(root, file)), file };
}
