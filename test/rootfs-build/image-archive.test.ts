import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import { execa } from "execa";
import * as z from "zod";
import { writeImageArchive } from "../../rootfs-build/image-archive.ts";
import { writeLayer } from "../../rootfs-build/layer.ts";

const config = {
  Entrypoint: ["/bin/program"],
  Env: ["PATH=/bin"],
  Labels: { title: "a test" },
  StopSignal: "SIGTERM",
  WorkingDir: "/",
};
const manifestFile = z.tuple([
  z.object({ Config: z.string(), RepoTags: z.array(z.string()), Layers: z.array(z.string()) }),
]);
const description = z.looseObject({
  config: z.unknown(),
  rootfs: z.object({ diff_ids: z.array(z.string()) }),
});

test("every part of an image's archive is named by what is in it", async (t) => {
  const image = await unpacked(t);
  const blobs = path.join(image, "blobs/sha256");
  const names = await readdir(blobs);
  t.is(names.length, 3, "a layer, its description and a manifest");
  for (const name of names) t.is(sha256(await readFile(path.join(blobs, name))), name);
});

test("docker load finds names, configuration and layers by manifest.json", async (t) => {
  const image = await unpacked(t);
  const [manifest] = manifestFile.parse(await json(image, "manifest.json"));
  t.deepEqual(manifest.RepoTags, ["swarmnfs/test:1", "swarmnfs/test:latest"]);
  const told = description.parse(await json(image, manifest.Config));
  t.deepEqual(told.config, config);
  const layers = await Promise.all(
    manifest.Layers.map(async (layer) => gunzipSync(await readFile(path.join(image, layer)))),
  );
  t.deepEqual(
    layers.map((layer) => `sha256:${sha256(layer)}`),
    told.rootfs.diff_ids,
  );
});

test("a layer is the same whenever it is made, and its files are root's", async (t) => {
  const folder = await root(t);
  const file = path.join(folder, "../layer.tar.gz");
  const first = await writeLayer(folder, file);
  t.deepEqual(await writeLayer(folder, file), first);
  const { stdout } = await execa("tar", ["--list", "--verbose", "--numeric-owner", "-f", file]);
  t.true(stdout.split("\n").every((line) => / 0\/0 /.test(line)));
  t.regex(stdout, /\.\/bin\/alias -> program/);
});

async function unpacked(t: ExecutionContext): Promise<string> {
  const folder = path.join(await root(t), "..");
  const file = path.join(folder, "layer.tar.gz");
  const layer = { ...(await writeLayer(path.join(folder, "root"), file)), file };
  const archive = path.join(folder, "image.tar");
  const names = ["swarmnfs/test:1", "swarmnfs/test:latest"];
  await writeImageArchive(archive, path.join(folder, "work"), names, config, [layer]);
  const image = path.join(folder, "image");
  await mkdir(image);
  await execa("tar", ["--extract", "--file", archive, "--directory", image]);
  return image;
}

/** A small root file system, alone in a folder of its own. */
async function root(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-image-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const bin = path.join(folder, "root/bin");
  await mkdir(bin, { recursive: true });
  await writeFile(path.join(bin, "program"), "something to run\n");
  await symlink("program", path.join(bin, "alias"));
  return path.join(folder, "root");
}

async function json(image: string, file: string): Promise<unknown> {
  return JSON.parse(await readFile(path.join(image, file), "utf8"));
}

function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
