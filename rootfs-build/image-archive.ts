import { createHash } from "node:crypto";
import { copyFile, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import type { Layer } from "./layer.ts";

/** What an engine does with an image, in the words of the OCI image specification. */
export interface ImageConfig {
  readonly Entrypoint: readonly string[];
  readonly Env: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly StopSignal: string;
  readonly WorkingDir: string;
}

/** A layer and where its file lies. */
export interface PlacedLayer extends Layer {
  readonly file: string;
}

/**
 * Writes an image as one archive: an OCI layout, which podman and skopeo take, with the manifest.json that `docker load`
 * looks for. `work` is an empty directory's name, used meanwhile; `names` are its names in the engine.
 */
export async function writeImageArchive(
  archive: string,
  work: string,
  names: readonly string[],
  config: ImageConfig,
  layers: readonly PlacedLayer[],
): Promise<number> {
  const blobs = path.join(work, "blobs/sha256");
  await mkdir(blobs, { recursive: true });
  for (const { file, digest } of layers) await copyFile(file, path.join(work, blobOf(digest)));

  const description = await writeBlob(work, {
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    created: new Date().toISOString(),
    config,
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const oci = "application/vnd.oci.image";
  const manifest = await writeBlob(work, {
    schemaVersion: 2,
    mediaType: `${oci}.manifest.v1+json`,
    config: { mediaType: `${oci}.config.v1+json`, ...description },
    layers: layers.map(({ digest, size }) => ({
      mediaType: `${oci}.layer.v1.tar+gzip`,
      digest,
      size,
    })),
  });
  await writeFile(path.join(work, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  const index = names.map((name) => ({
    mediaType: `${oci}.manifest.v1+json`,
    ...manifest,
    annotations: {
      "io.containerd.image.name": name,
      "org.opencontainers.image.ref.name": name.replace(/.*:/, ""),
    },
  }));
  await writeFile(
    path.join(work, "index.json"),
    JSON.stringify({ schemaVersion: 2, manifests: index }),
  );
  await writeFile(
    path.join(work, "manifest.json"),
    JSON.stringify([
      {
        Config: blobOf(description.digest),
        RepoTags: names,
        Layers: layers.map(({ digest }) => blobOf(digest)),
      },
    ]),
  );
  await execa("tar", ["--create", "--file", `${archive}.part`, "--directory", work, "."]);
  await rename(`${archive}.part`, archive);
  await rm(work, { recursive: true });
  return (await stat(archive)).size;
}

async function writeBlob(
  work: string,
  content: unknown,
): Promise<{ digest: string; size: number }> {
  const text = Buffer.from(JSON.stringify(content));
  const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
  await writeFile(path.join(work, blobOf(digest)), text);
  return { digest, size: text.length };
}

function blobOf(digest: string): string {
  return `blobs/${digest.replace(":", "/")}`;
}
