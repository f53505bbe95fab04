import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { execa } from "execa";

/** A layer of an image: a file, and what an image's description says of it. */
export interface Layer {
  /** `sha256:…` of the compressed file. */
  readonly digest: string;
  readonly size: number;
  /** `sha256:…` of what is in it. */
  readonly diffId: string;
}

/**
 * Writes `directory` into `file` as a gzipped layer, but for the paths below it that are `leftOut`; its files belong to root
 * and are all of one time.
 */
export async function writeLayer(
  directory: string,
  file: string,
  leftOut: readonly string[] = [],
): Promise<Layer> {
  const flags = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0"].concat(
    leftOut.map((path) => `--exclude=./${path}`),
  );
  const tar = execa("tar", ["--create", ...flags, "--directory", directory, "."], {
    stdout: "pipe",
    buffer: false,
  });
  const inside = new Measure();
  const outside = new Measure();
  await Promise.all([
    pipeline(tar.stdout, inside, createGzip(), outside, createWriteStream(file)),
    tar,
  ]);
  return { digest: outside.digest(), size: outside.bytes, diffId: inside.digest() };
}

/** Lets everything pass, and knows what it was. */
class Measure extends Transform {
  bytes = 0;
  readonly #hash = createHash("sha256");

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error: null, chunk: Buffer) => void,
  ): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
    done(null, chunk);
  }

  digest(): string {
    return `sha256:${this.#hash.digest("hex")}`;
  }
}
