import type { Answer } from "../http/exchange.ts";
import { RemoteFailure } from "../failure.ts";
import type { ByteRange } from "../remote.ts";

/** Asks for what begins at `start`; `etag` is that of what was got so far. */
export type Fetching = (start: number, etag: string | null) => Promise<Answer>;

/**
 * The bytes of a file or a part of it, in full or not at all: when the connection breaks, goes on where it was, and fails if
 * the file is another one by then.
 */
export async function* download(
  first: Answer,
  range: ByteRange | undefined,
  again: Fetching,
): AsyncGenerator<Buffer, void, void> {
  const start = range?.start ?? 0;
  const end = range?.end ?? lastByte(first);
  const etag = strong(first);
  let at = start;
  let answer = first;
  for (;;) {
    const before = at;
    try {
      for await (const chunk of partFrom(answer, at)) {
        const wanted = end === null ? chunk : chunk.subarray(0, Math.max(0, end + 1 - at));
        at += wanted.length;
        if (wanted.length > 0) yield wanted;
        if (end !== null && at > end) return;
      }
      if (end === null || at > end) return;
      throw new RemoteFailure("network", "The server gave less of a file than it has");
    } catch (error) {
      if (!(error instanceof RemoteFailure) || !error.waitingHelps) throw error;
      // Nothing at all came twice in a row: the same would happen again.
      if (at === before && answer !== first) throw error;
    }
    answer = await again(at, etag);
    if (etag !== null && strong(answer) !== null && strong(answer) !== etag) {
      answer.discard();
      throw new RemoteFailure("server", "A file was replaced on the server while it was read", {
        waitingHelps: false,
      });
    }
  }
}

/** What an answer gives from byte `at` of the file on: some servers give all of it, whatever was asked. */
async function* partFrom(answer: Answer, at: number): AsyncGenerator<Buffer, void, void> {
  let skip = answer.status === 206 ? 0 : at;
  for await (const chunk of answer.chunks()) {
    if (skip >= chunk.length) {
      skip -= chunk.length;
      continue;
    }
    yield skip === 0 ? chunk : chunk.subarray(skip);
    skip = 0;
  }
}

/** How many bytes a download that begins with this answer will give. */
export function sizeOf(first: Answer, range: ByteRange | undefined): number | null {
  const last = lastByte(first);
  const end = range?.end === undefined || last === null ? last : Math.min(range.end, last);
  return end === null ? null : Math.max(0, end + 1 - (range?.start ?? 0));
}

/** The last byte that an answer will give, counted in the whole file. */
function lastByte({ status, headers }: Answer): number | null {
  if (status === 206) {
    const end = /^bytes \d+-(\d+)\//.exec(headers["content-range"] ?? "")?.[1];
    return end === undefined ? null : Number(end);
  }
  const length = headers["content-length"];
  return length === undefined ? null : Number(length) - 1;
}

function strong({ headers }: Answer): string | null {
  const etag = headers.etag ?? null;
  return etag === null || etag.startsWith("W/") ? null : etag;
}
