/**
 * All that a stream gives, `most` bytes at most: of more, what `tooMany` makes is thrown, and the stream is ended. Nothing of
 * what comes from outside is kept in memory without such a bound.
 */
export async function readAll(
  stream: AsyncIterable<Uint8Array>,
  most: number,
  tooMany: () => Error,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of stream) {
    size += part.length;
    if (size > most) throw tooMany();
    parts.push(part);
  }
  return Buffer.concat(parts);
}
