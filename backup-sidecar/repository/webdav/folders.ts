import type { Call, Endpoint } from "../http/endpoint.ts";
import { RemoteFailure } from "../failure.ts";
import { parentOf } from "../remote-path.ts";

/** Makes folders, and remembers which are there and which are not. One attempt: whoever calls repeats. */
export class Folders {
  readonly #known = new Set<string>();
  /** A help only: what is in here by mistake costs a request. */
  readonly #missing = new Set<string>();

  knows(path: string): boolean {
    return this.#known.has(path);
  }

  remember(path: string): void {
    for (let at = path; at !== ""; at = parentOf(at)) {
      this.#known.add(at);
      this.#missing.delete(at);
    }
  }

  /** It was looked for, and is not there. */
  lacks(path: string): void {
    this.forget(path);
    if (path !== "") this.#missing.add(path);
  }

  /** What is at `path` or below is not sure any more. */
  forget(path: string): void {
    for (const known of this.#known)
      if (path === "" || known === path || known.startsWith(`${path}/`)) this.#known.delete(known);
  }

  /** Makes a folder and those above it. The base is never made: where it is missing, something is wrong. */
  async ensure(
    endpoint: Endpoint,
    path: string,
    circumstances: Pick<Call, "signal" | "tally">,
  ): Promise<void> {
    if (path === "" || this.#known.has(path)) return;
    // Where the one above is known to be missing, to try this one first would be in vain.
    if (this.#missing.has(parentOf(path)))
      await this.ensure(endpoint, parentOf(path), circumstances);
    const call: Call = {
      ...circumstances,
      method: "MKCOL",
      path,
      folder: true,
      what: "making a folder",
    };
    let status = await this.#make(endpoint, call);
    if (status === 409 || status === 404) {
      if (parentOf(path) === "") throw missing(endpoint);
      // Whatever was remembered of it is not so.
      this.forget(parentOf(path));
      await this.ensure(endpoint, parentOf(path), circumstances);
      status = await this.#make(endpoint, call);
      if (status === 409 || status === 404)
        throw endpoint.failure(call.what, { status, headers: {} });
    }
    this.remember(path);
  }

  /** Makes our own top folder, or finds that it is there. Throws `wrong-target` when the base above it is missing. */
  async makeTop(endpoint: Endpoint, circumstances: Pick<Call, "signal" | "tally">): Promise<void> {
    const call = {
      ...circumstances,
      method: "MKCOL",
      path: "",
      folder: true,
      what: "making our folder",
    };
    const status = await this.#make(endpoint, call);
    if (status === 404 || status === 409) throw missing(endpoint);
  }

  /** 201: made; 405: there is one. Servers that answer something else for one that exists are asked whether it does. */
  async #make(endpoint: Endpoint, call: Call): Promise<number> {
    const answer = await endpoint.send(call);
    answer.discard();
    const { status } = answer;
    if ((status >= 200 && status < 300) || status === 404 || status === 409) return status;
    // 403 is also what Apache says to one of two that make it at once.
    if (status === 405 || status === 403 || status === 400 || status === 301) {
      const look = await endpoint.send({ ...call, method: "PROPFIND", headers: { depth: "0" } });
      look.discard();
      if (look.status === 207) return 201;
    }
    throw endpoint.failure(call.what, answer);
  }
}

function missing(endpoint: Endpoint): RemoteFailure {
  return new RemoteFailure(
    "wrong-target",
    `There is no folder at ${endpoint.base.href}: is the path in WEBDAV_URL right, and is the disk behind it mounted? Nothing was made there`,
  );
}
