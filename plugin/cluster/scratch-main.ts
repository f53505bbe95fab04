// A program of its own: what it touches may hang, and then it is given up.
import { constants } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

const [work, directory = "", name = "", text = ""] = process.argv.slice(2);
const path = join(directory, name);
if (work === "write") {
  const unfinished = `${path}.${process.pid}`;
  await using file = await open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  await file.writeFile(text);
  await file.sync();
  await rename(unfinished, path);
} else {
  await using file = await open(path, O_RDONLY | O_NOFOLLOW);
  process.stdout.write(await file.readFile("utf8"));
}
