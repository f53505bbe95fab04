import { createHash, randomBytes } from "node:crypto";

/** Name and password, read anew whenever asked: the file they are in may change. */
export interface Credentials {
  read(): Promise<{ readonly user: string; readonly password: string } | null>;
}

interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | null;
  readonly qop: boolean;
  readonly algorithm: "MD5" | "SHA-256";
}

/**
 * The Authorization header of each request to one server. In the clear (http) the password is never sent before the server
 * has said that it knows nothing better than Basic.
 */
export class Authorization {
  readonly #credentials: Credentials;
  #scheme: "none" | "basic" | "digest";
  #challenge: Challenge | null = null;
  #count = 0;

  constructor(credentials: Credentials, secure: boolean) {
    this.#credentials = credentials;
    this.#scheme = secure ? "basic" : "none";
  }

  /** `path` is what stands in the request line. Null: no header. */
  async header(method: string, path: string): Promise<string | null> {
    const known = await this.#credentials.read();
    if (known === null || this.#scheme === "none") return null;
    const { user, password } = known;
    if (this.#scheme === "basic")
      return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    return this.#challenge === null
      ? null
      : this.#digest(this.#challenge, method, path, user, password);
  }

  /**
   * Learns from the answer 401 to a request that had the header `sent`. True when the same request may succeed now: another
   * way to authorize, a fresh nonce, or another password since.
   */
  async learn(wwwAuthenticate: string | undefined, sent: string | null): Promise<boolean> {
    if ((await this.#credentials.read()) === null) return false;
    const offers = wwwAuthenticate ?? "";
    const challenge = digestChallenge(offers);
    const before = this.#scheme;
    if (
      challenge !== null &&
      (before === "digest" || before === "none" || !/\bbasic\b/i.test(offers))
    ) {
      this.#scheme = "digest";
      this.#challenge = challenge;
      this.#count = 0;
      return before !== "digest" || /\bstale\s*=\s*"?true/i.test(offers) || sent === null;
    }
    if (before === "none" && /\bbasic\b/i.test(offers)) {
      this.#scheme = "basic";
      return true;
    }
    return before === "basic" && sent !== null && (await this.header("", "")) !== sent;
  }

  #digest(
    challenge: Challenge,
    method: string,
    path: string,
    user: string,
    password: string,
  ): string {
    const hash = (text: string): string =>
      createHash(challenge.algorithm === "MD5" ? "md5" : "sha256")
        .update(text)
        .digest("hex");
    const one = hash(`${user}:${challenge.realm}:${password}`);
    const two = hash(`${method}:${path}`);
    this.#count += 1;
    const nc = this.#count.toString(16).padStart(8, "0");
    const cnonce = randomBytes(12).toString("hex");
    const response = challenge.qop
      ? hash(`${one}:${challenge.nonce}:${nc}:${cnonce}:auth:${two}`)
      : hash(`${one}:${challenge.nonce}:${two}`);
    const fields = [
      `username="${quoted(user)}"`,
      `realm="${quoted(challenge.realm)}"`,
      `nonce="${challenge.nonce}"`,
      `uri="${path}"`,
      `response="${response}"`,
      `algorithm=${challenge.algorithm}`,
      ...(challenge.qop ? [`qop=auth`, `nc=${nc}`, `cnonce="${cnonce}"`] : []),
      ...(challenge.opaque === null ? [] : [`opaque="${challenge.opaque}"`]),
    ];
    return `Digest ${fields.join(", ")}`;
  }
}

/** The Digest challenge among those of a WWW-Authenticate header, of an algorithm that we know. RFC 7616. */
function digestChallenge(header: string): Challenge | null {
  const start = /\bdigest\s/i.exec(header);
  if (start === null) return null;
  const fields = new Map<string, string>();
  const rest = header.slice(start.index + start[0].length);
  for (const [, name = "", text, word] of rest.matchAll(
    /([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/gi,
  )) {
    if (!fields.has(name.toLowerCase()))
      fields.set(name.toLowerCase(), text?.replaceAll(/\\(.)/g, "$1") ?? word ?? "");
  }
  const algorithm = (fields.get("algorithm") ?? "MD5").toUpperCase();
  const nonce = fields.get("nonce");
  if (nonce === undefined || (algorithm !== "MD5" && algorithm !== "SHA-256")) return null;
  return {
    realm: fields.get("realm") ?? "",
    nonce,
    opaque: fields.get("opaque") ?? null,
    qop: (fields.get("qop") ?? "").split(/[\s,]+/).includes("auth"),
    algorithm,
  };
}

function quoted(text: string): string {
  return text.replaceAll(/["\\]/g, (character) => `\\${character}`);
}
