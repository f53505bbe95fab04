import { randomUUID } from "node:crypto";
import * as z from "zod";
import type { Call, Endpoint, Tally } from "../http/endpoint.ts";
import { payloadOf } from "../http/exchange.ts";
import { RemoteFailure } from "../failure.ts";
import type { Folders } from "../webdav/folders.ts";
import { markerPath, ownFolder } from "../remote-path.ts";

/** `<base>/<storage>/.swarmnfs/target.json`: how our folder is known again, whatever address leads to it. */
const markerSchema = z.looseObject({
  schema: z.number(),
  id: z.uuid(),
  storage: z.string(),
  createdAt: z.iso.datetime(),
});

export type Marker = z.infer<typeof markerSchema>;

interface Around {
  readonly storage: string;
  readonly folders: Folders;
  readonly mayWrite: boolean;
  readonly now: number;
  readonly signal?: AbortSignal;
  readonly tally?: Tally;
}

const markerLimit = 64 * 1024;

/** Null when that is no marker. */
export function parseMarker(bytes: Uint8Array): Marker | null {
  try {
    return markerSchema.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch {
    return null;
  }
}

/**
 * The marker of our folder; makes both where there are none and that is allowed, else null. Two that do so at once agree on
 * one: where the server can refuse to replace, on the first; else on the one that is there a moment later.
 */
export async function settleMarker(endpoint: Endpoint, around: Around): Promise<Marker | null> {
  const there = await read(endpoint, around);
  if (there !== null || !around.mayWrite) return there;
  await around.folders.makeTop(endpoint, around);
  await around.folders.ensure(endpoint, ownFolder, around);
  const marker: Marker = {
    schema: 1,
    id: randomUUID(),
    storage: around.storage,
    createdAt: new Date(around.now).toISOString(),
  };
  const bytes = Buffer.from(`${JSON.stringify(marker, null, 2)}\n`);
  const answer = await endpoint.send({
    ...call("PUT", markerPath, around),
    headers: { "if-none-match": "*", "content-type": "application/json" },
    payload: payloadOf(bytes),
  });
  answer.discard();
  if (answer.status !== 412 && (answer.status < 200 || answer.status >= 300))
    throw endpoint.failure("making our folder", answer);
  const kept = await read(endpoint, around);
  if (kept === null)
    throw new RemoteFailure(
      "server",
      `"${endpoint.base.host}" said that it had stored a file, but has not`,
    );
  return kept;
}

async function read(endpoint: Endpoint, around: Around): Promise<Marker | null> {
  const asking = call("GET", markerPath, around);
  const answer = await endpoint.send(asking);
  if (answer.status === 404 || answer.status === 410 || answer.status === 409) {
    answer.discard();
    return null;
  }
  if (answer.status !== 200) {
    answer.discard();
    throw endpoint.failure(asking.what, answer);
  }
  const marker = parseMarker(await answer.bytes(markerLimit));
  if (marker !== null) return marker;
  throw new RemoteFailure(
    "wrong-target",
    `${endpoint.urlOf(markerPath).href} is damaged, or not ours: nothing is written there. If it was cut short, remove it`,
  );
}

function call(method: string, path: string, { signal, tally }: Around): Call {
  return {
    method,
    path,
    what: "looking for our folder",
    ...(signal === undefined ? {} : { signal }),
    ...(tally === undefined ? {} : { tally }),
  };
}
