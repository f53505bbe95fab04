import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { writeLayer } from "../../rootfs-build/layer.ts";
import { cached, keyOf } from "./cache.ts";
import { run } from "./command.ts";

const suite = "trixie";
const packages = [
  "apache2",
  "curl",
  "libapache2-mod-php",
  "mariadb-server",
  "nginx",
  "php-mysql",
  "php-xml",
  "postgresql",
  "wordpress",
  "wordpress-theme-twentytwentyfive",
];
const sources = path.join(import.meta.dirname, "examples");
const system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What an image says of itself besides its files, by the name that the examples use. */
const images: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "postgres:17": {
    Entrypoint: ["postgres-entrypoint"],
    Cmd: ["postgres"],
    Env: [`PATH=${system}:/usr/lib/postgresql/17/bin`, "PGDATA=/var/lib/postgresql/data"],
    Volumes: { "/var/lib/postgresql/data": {} },
    ExposedPorts: { "5432/tcp": {} },
    StopSignal: "SIGINT",
  },
  "mariadb:11.8": {
    Entrypoint: ["mariadb-entrypoint"],
    Cmd: ["mariadbd"],
    Env: [`PATH=${system}`],
    Volumes: { "/var/lib/mysql": {} },
    ExposedPorts: { "3306/tcp": {} },
  },
  "wordpress:6-apache": {
    Entrypoint: ["wordpress-entrypoint"],
    Cmd: ["apache2", "-D", "FOREGROUND"],
    Env: [`PATH=${system}`],
    Volumes: { "/var/www/html": {} },
    ExposedPorts: { "80/tcp": {} },
    StopSignal: "SIGWINCH",
    WorkingDir: "/var/www/html",
  },
  "nginx:stable": {
    Cmd: ["nginx", "-g", "daemon off;"],
    Env: [`PATH=${system}`],
    ExposedPorts: { "80/tcp": {} },
    StopSignal: "SIGQUIT",
  },
};

/**
 * An archive for `docker load` with stand-ins for the images of Docker Hub that deploy/examples names: programs of Debian with
 * the same environment, volumes, user ids and ports, in one layer that all of them share. For tests alone. From the cache, or
 * made anew (five minutes; needs root and a Debian mirror).
 */
export async function provideExampleImages(tell: (line: string) => void): Promise<string> {
  const files = (await readdir(sources)).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(path.join(sources, file))));
  const key = keyOf(suite, packages.join(" "), JSON.stringify(images), ...texts);
  const folder = await cached("lab-examples", key, async (making) => {
    tell("making the images of the examples from Debian's packages (once; some minutes)");
    const tree = path.join(making, "tree");
    const mirror = process.env["DEBIAN_MIRROR"] || "http://deb.debian.org/debian";
    await run("sh", [path.join(sources, "tree.sh"), tree, suite, mirror, ...packages]);
    await archive(tree, path.join(making, "archive"));
    await run("tar", ["-c", "-f", path.join(making, "images.tar"), "-C", `${making}/archive`, "."]);
    for (const done of [tree, path.join(making, "archive")]) await rm(done, { recursive: true });
  });
  return path.join(folder, "images.tar");
}

/** As `docker save` writes several images that have a layer in common. */
async function archive(tree: string, folder: string): Promise<void> {
  await mkdir(folder);
  const { digest, diffId } = await writeLayer(tree, path.join(folder, "layer"));
  const layer = `${digest.replace("sha256:", "")}.tar.gz`;
  await rename(path.join(folder, "layer"), path.join(folder, layer));
  const manifest: unknown[] = [];
  for (const [name, config] of Object.entries(images)) {
    const text = JSON.stringify({
      architecture: process.arch === "x64" ? "amd64" : process.arch,
      os: "linux",
      created: new Date(0).toISOString(),
      config,
      rootfs: { type: "layers", diff_ids: [diffId] },
    });
    const file = `${createHash("sha256").update(text).digest("hex")}.json`;
    await writeFile(path.join(folder, file), text);
    manifest.push({ Config: file, RepoTags: [name], Layers: [layer] });
  }
  await writeFile(path.join(folder, "manifest.json"), JSON.stringify(manifest));
}
