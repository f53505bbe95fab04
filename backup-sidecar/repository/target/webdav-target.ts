import { readFile } from "node:fs/promises";
import { messageOf } from "../../../service/message-of.ts";
import type { Secret } from "../../../service/secret.ts";
import { UserError } from "../../../service/user-error.ts";
import type { Credentials } from "../http/authorization.ts";
import { Bandwidth, parseLimit } from "../http/bandwidth.ts";
import type { TargetSettings } from "./connect.ts";
import { TargetUrl } from "./target-url.ts";

/** What was set of the backup server. */
export interface WebdavSettings {
  /** One base URL or several with commas between; the text is understood where it is used, for the file may change. */
  readonly url: Secret;
  readonly username: Secret | null;
  readonly password: Secret | null;
  readonly caFile: string | null;
  /** 64 lower-case hexadecimal digits. */
  readonly pin: string | null;
  /** Hosts that redirects may lead to, with the credentials. */
  readonly redirectHosts: readonly string[];
  /** As written; understood by the bandwidth limit itself. */
  readonly uploadLimit: string;
  readonly downloadLimit: string;
}

/**
 * The backup server as {@link connect} wants it. `onTrouble` is told when a file that changed (address, name, password) cannot
 * be used; what was known before goes on. Throws `UserError` (invalid) for what was set wrongly.
 */
export async function webdavTarget(
  webdav: WebdavSettings,
  storage: string,
  onTrouble: (error: unknown) => void,
): Promise<TargetSettings> {
  const url = new TargetUrl(webdav.url, onTrouble);
  await url.addresses();
  return {
    addresses: () => url.addresses(),
    credentials: new SecretCredentials(webdav.username, webdav.password, onTrouble),
    trust: { ca: await authority(webdav.caFile), pin: webdav.pin },
    storage,
    redirectHosts: webdav.redirectHosts,
    upload: limit("UPLOAD_LIMIT", webdav.uploadLimit),
    download: limit("DOWNLOAD_LIMIT", webdav.downloadLimit),
  };
}

/** Name and password out of secrets, whose files may change. */
class SecretCredentials implements Credentials {
  readonly #user: Secret | null;
  readonly #password: Secret | null;
  readonly #onTrouble: (error: unknown) => void;
  #known: { user: string; password: string } | null = null;
  #readAt = -Infinity;

  constructor(user: Secret | null, password: Secret | null, onTrouble: (error: unknown) => void) {
    this.#user = user;
    this.#password = password;
    this.#onTrouble = onTrouble;
  }

  async read(): Promise<{ user: string; password: string } | null> {
    if (this.#user === null || this.#password === null) return null;
    const now = performance.now();
    if (now - this.#readAt < 2000) return this.#known;
    try {
      this.#known = { user: await this.#user.read(), password: await this.#password.read() };
      this.#readAt = now;
    } catch (error) {
      if (this.#known === null) throw error;
      this.#onTrouble(error);
    }
    return this.#known;
  }
}

async function authority(file: string | null): Promise<string | null> {
  if (file === null) return null;
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new UserError(
      "invalid",
      `WEBDAV_CA_FILE=${file} cannot be read: ${messageOf(error)}. Is it mounted into the container?`,
    );
  });
  if (!text.includes("-----BEGIN CERTIFICATE-----"))
    throw new UserError(
      "invalid",
      `WEBDAV_CA_FILE=${file} holds no certificate: PEM is expected, beginning with -----BEGIN CERTIFICATE-----`,
    );
  return text;
}

function limit(name: string, text: string): Bandwidth {
  try {
    return new Bandwidth(parseLimit(text));
  } catch (error) {
    throw new UserError("invalid", `${name}=${text} is wrong: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
