import { request as httpRequest, type IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { messageOf } from "../service/message-of.ts";
import { UserError } from "../service/user-error.ts";
import type { Said, Work, Works } from "../storage/works.ts";
import { codeOf, mayNot } from "./plugin-socket.ts";
import { PluginFailure } from "./plugin-client.ts";

/** What the plugin of this node does when that takes long. */
export interface PluginWorks {
  /**
   * Has it done; what it says meanwhile goes to `onProgress`. Throws {@link PluginFailure} with the plugin's own message,
   * `UserError` (unavailable, denied) when it cannot be reached or breaks off. Ending this process ends the work.
   */
  follow<W extends Work>(
    work: W,
    request: Works[W]["request"],
    onProgress: (progress: Works[W]["progress"]) => void,
  ): Promise<Works[W]["answer"]>;
}

/** Milliseconds; the plugin says every second how far it is. */
const silenceMs = 60_000;

export class PluginWorksClient implements PluginWorks {
  readonly #findSocket: () => Promise<string>;
  readonly #isRoot: boolean;

  constructor(findSocket: () => Promise<string>, isRoot: boolean) {
    this.#findSocket = findSocket;
    this.#isRoot = isRoot;
  }

  async follow<W extends Work>(
    work: W,
    request: Works[W]["request"],
    onProgress: (progress: Works[W]["progress"]) => void,
  ): Promise<Works[W]["answer"]> {
    const socket = await this.#findSocket();
    try {
      const response = await post(socket, work, request);
      if (response.statusCode === 404) throw older(work);
      for await (const line of createInterface({ input: response, crlfDelay: Infinity })) {
        // Both ends are made from the same `Works`.
        const said = JSON.parse(line) as Said<W>;
        if ("progress" in said) onProgress(said.progress);
        else if ("failure" in said) throw new PluginFailure(said.failure);
        else return said.answer;
      }
    } catch (error) {
      throw this.#explain(error, socket);
    }
    throw brokenOff(new Error("it said nothing more"));
  }

  #explain(error: unknown, socket: string): Error {
    if (error instanceof UserError || error instanceof PluginFailure) return error;
    const code = codeOf(error);
    if (code === "EACCES" || code === "EPERM") return mayNot(this.#isRoot);
    if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTSOCK")
      return new UserError(
        "unavailable",
        `the plugin does not answer at ${socket}. It should be installed and enabled. See what Docker has: docker plugin ls`,
      );
    return brokenOff(error);
  }
}

function post(socketPath: string, work: Work, body: unknown): Promise<IncomingMessage> {
  const content = JSON.stringify(body);
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(content),
  };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = httpRequest(
    {
      agent: false,
      socketPath,
      path: `/Swarmnfs.${work}`,
      method: "POST",
      headers,
      timeout: silenceMs,
    },
    resolve,
  );
  request.on("timeout", () =>
    request.destroy(new Error(`it has said nothing for ${silenceMs / 1000} s`)),
  );
  request.on("error", reject);
  request.end(content);
  return promise;
}

function older(work: Work): UserError {
  return new UserError(
    "unsupported",
    `the plugin of this node does not know ${work}: it is older than this command. Upgrade it, or use the command that came with it.`,
  );
}

function brokenOff(error: unknown): UserError {
  return new UserError(
    "unavailable",
    `the plugin broke off: ${messageOf(error)}. What it had made for this it takes away by itself, within a minute of being there again. Its log says more: journalctl -u docker`,
    { cause: error },
  );
}
