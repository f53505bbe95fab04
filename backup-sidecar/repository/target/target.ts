import { UserError } from "../../../service/user-error.ts";

const schemes = new Map([
  ["http:", "http:"],
  ["https:", "https:"],
  ["dav:", "http:"],
  ["davs:", "https:"],
  ["webdav:", "http:"],
  ["webdavs:", "https:"],
]);

/**
 * The base URLs in WEBDAV_URL, in the order in which they are tried: one, or several with commas between. `davs://` is
 * `https://`. Each ends with a slash. Throws `UserError` (invalid).
 */
export function parseTarget(text: string): readonly URL[] {
  const urls = text
    .split(/[\s,]+/)
    .filter((word) => word !== "")
    .map(parseOne);
  if (urls.length === 0)
    throw new UserError(
      "invalid",
      "WEBDAV_URL is empty: it must be the address of a WebDAV folder, like https://nas.lan/backup",
    );
  return urls;
}

function parseOne(word: string): URL {
  const scheme = schemes.get(/^[a-z]+:/i.exec(word)?.[0].toLowerCase() ?? "");
  const url = scheme === undefined ? null : URL.parse(word.replace(/^[a-z]+:/i, scheme));
  // Never the word itself: there may be a password in it.
  if (url === null || url.hostname === "")
    throw new UserError(
      "invalid",
      "WEBDAV_URL is no address of a WebDAV folder: write it like https://nas.lan/backup (or davs://…)",
    );
  if (url.username !== "" || url.password !== "")
    throw new UserError(
      "invalid",
      "WEBDAV_URL must not hold a name and password: give them as WEBDAV_USERNAME and WEBDAV_PASSWORD_FILE",
    );
  if (url.search !== "" || url.hash !== "")
    throw new UserError(
      "invalid",
      `WEBDAV_URL has a "${url.search === "" ? "#" : "?"}" in it: it must be the address of a folder, like https://nas.lan/backup`,
    );
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}
