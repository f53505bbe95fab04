import { request } from "node:http";
import { connect } from "node:net";
import type { VolumeStatus } from "../../storage/verbs.ts";
import { Ledger } from "./ledger.ts";

export interface ToldVolume {
  readonly Name: string;
  readonly Mountpoint: string;
  readonly CreatedAt: string;
  readonly Status?: VolumeStatus;
}

/** All that a volume plugin may answer. */
export interface Answer {
  readonly Err?: string;
  readonly Mountpoint?: string;
  readonly Volume?: ToldVolume;
  readonly Volumes?: readonly ToldVolume[];
  readonly Capabilities?: { readonly Scope: string };
  readonly Implements?: readonly string[];
}

export interface FullAnswer {
  readonly status: number;
  readonly type: string | undefined;
  readonly text: string;
}

/**
 * Speaks as Docker does: `POST /VolumeDriver.<Verb>` over the socket, a body that ends with a newline, an empty Host,
 * no Content-Type. Rejects with ECONNRESET when the connection is closed without an answer.
 */
export class DockerClient {
  readonly #socketPath: string;
  /** The verbs called so far, Docker's constant question for capabilities left out: `Mount blog_data`. */
  readonly calls: string[] = [];
  readonly ledger = new Ledger();

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  async call(verb: string, body: object = {}, signal?: AbortSignal): Promise<Answer> {
    const name = "Name" in body ? ` ${String(body.Name)}` : "";
    const id = "ID" in body ? String(body.ID) : "";
    this.calls.push(`${verb}${name}`);
    this.ledger.sent(verb, id);
    const { text } = await this.send(`/VolumeDriver.${verb}`, `${JSON.stringify(body)}\n`, signal);
    const answer = JSON.parse(text) as Answer;
    this.ledger.answered(verb, name.slice(1), id, (answer.Err ?? "") === "");
    return answer;
  }

  /** One request with this very body; an empty one is sent with `Content-Length: 0`, as Docker's retries are. */
  send(path: string, body: string, signal?: AbortSignal): Promise<FullAnswer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          socketPath: this.#socketPath,
          method: "POST",
          path,
          agent: false,
          setHost: false,
          headers: {
            Host: "",
            "User-Agent": "Go-http-client/1.1",
            "Content-Length": Buffer.byteLength(body),
            Accept: "application/vnd.docker.plugins.v1.2+json",
          },
          ...(signal === undefined ? {} : { signal }),
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (part: string) => (text += part));
          response.on("error", reject);
          response.on("end", () =>
            resolve({
              status: response.statusCode ?? 0,
              type: response.headers["content-type"],
              text,
            }),
          );
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
  }

  /** Sends bytes as they are and answers all that came back until the other side closed. */
  raw(bytes: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let text = "";
      const socket = connect(this.#socketPath, () => socket.write(bytes));
      socket.setEncoding("utf8");
      socket.on("data", (part: string) => (text += part));
      socket.on("error", reject);
      socket.on("close", () => resolve(text));
    });
  }

  /** Sends a request and goes away at once, or when `when` says so: nobody will read the answer. */
  async hangUpOn(verb: string, body: object, when: () => Promise<void>): Promise<void> {
    const going = new AbortController();
    const call = this.call(verb, body, going.signal).catch(() => undefined);
    await when();
    going.abort();
    await call;
  }
}
