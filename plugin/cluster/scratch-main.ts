// A program of its own: what it touches may hang, and then it is given up.
import { constants } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

const [work, directory = "", name = "", text = ""] = process.argv.slice(2);
const path = join(directory, name);
try {
  if (work === "write") await write();
  else process.stdout.write(await read());
} catch (error) {
  process.stderr.write(wordsOf(error));
  process.exitCode = 1;
}

async function write(): Promise<void> {
  const unfinished = `${path}.${process.pid}`;
  {
    await using file = await open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    await file.writeFile(text);
    await file.sync();
  }
  await rename(unfinished, path);
}

async function read(): Promise<string> {
  await using file = await open(path, O_RDONLY | O_NOFOLLOW);
  return file.readFile("utf8");
}

/** Where the volume is mounted inside the plugin is nobody's business. */
function wordsOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const what = work === "write" ? "A file cannot be written" : "The file cannot be read";
  return `${code === "ENOENT" ? "The file is not there" : what} (${code})`;
}
