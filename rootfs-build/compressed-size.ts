import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { execa } from "execa";

/** Bytes that a directory takes as one gzipped layer, as an engine stores and a registry carries it. */
export async function compressedSize(directory: string): Promise<number> {
  const tar = execa("tar", ["--create", "--directory", directory, "."], {
    stdout: "pipe",
    buffer: false,
  });
  let bytes = 0;
  const count = new Writable({
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done();
    },
  });
  await Promise.all([pipeline(tar.stdout, createGzip(), count), tar]);
  return bytes;
}
