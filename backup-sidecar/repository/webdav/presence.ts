import type { Call, Endpoint } from "../http/endpoint.ts";
import { RemoteFailure } from "../failure.ts";
import { parseMarker } from "../target/marker.ts";
import { markerPath } from "../remote-path.ts";

/** Bytes that a marker never exceeds. */
const markerLimit = 64 * 1024;

/**
 * Tells "it is not there" from "nothing of ours is there": a server answers 404 for everything while its disk is not mounted,
 * or its path was changed.
 */
export class Presence {
  #expected: string | null = null;

  /** From now on a place without this marker is the wrong one. */
  expect(id: string): void {
    this.#expected = id;
  }

  /** Returns when the base is what it should be; throws `wrong-target` otherwise. */
  async confirm(endpoint: Endpoint, circumstances: Pick<Call, "signal" | "tally">): Promise<void> {
    if (this.#expected === null) return confirmFolder(endpoint, circumstances);
    return this.confirmMarker(endpoint, circumstances);
  }

  /** As {@link confirm}, but returns at once while no marker is known. */
  async confirmMarker(
    endpoint: Endpoint,
    circumstances: Pick<Call, "signal" | "tally">,
  ): Promise<void> {
    if (this.#expected === null) return;
    const answer = await endpoint.send({
      ...circumstances,
      method: "GET",
      path: markerPath,
      what: "looking for our marker",
    });
    if (answer.status === 404 || answer.status === 410) {
      answer.discard();
      throw new RemoteFailure(
        "wrong-target",
        `Our folder is not at ${endpoint.base.href} any more (no ${markerPath}): is a disk of the server not mounted, or was the path changed? Nothing is written there until it is back`,
      );
    }
    if (answer.status !== 200) {
      answer.discard();
      throw endpoint.failure("looking for our marker", answer);
    }
    if (parseMarker(await answer.bytes(markerLimit))?.id !== this.#expected)
      throw new RemoteFailure(
        "wrong-target",
        `At ${endpoint.base.href} is the folder of another storage: check WEBDAV_URL. Nothing was written there`,
      );
  }
}

async function confirmFolder(
  endpoint: Endpoint,
  circumstances: Pick<Call, "signal" | "tally">,
): Promise<void> {
  const call: Call = {
    ...circumstances,
    method: "PROPFIND",
    path: "",
    folder: true,
    headers: { depth: "0" },
    what: "looking for the base folder",
  };
  const answer = await endpoint.send(call);
  answer.discard();
  if (answer.status === 207) return;
  if (answer.status !== 404 && answer.status !== 410) throw endpoint.failure(call.what, answer);
  throw new RemoteFailure(
    "wrong-target",
    `There is no folder at ${endpoint.base.href}: is the path in WEBDAV_URL right, and is the disk behind it mounted? Nothing was made there`,
  );
}
