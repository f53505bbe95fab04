import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { cp, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { account, type DavServer, type ServerOptions } from "./dav-server.ts";

export interface NodeDavOptions extends Omit<ServerOptions, "auth"> {
  /** Poses as a Nextcloud: files are below remote.php/dav/files/<user>/, and status.php says so. */
  readonly cloud?: boolean;
  /** Bytes that it holds, told as quota, refused beyond with 507. */
  readonly quota?: number;
  readonly largestBody?: number;
  readonly withoutMove?: boolean;
  readonly withoutRanges?: boolean;
  /** Whether names are written percent-encoded more than is needed, and addresses in full, as some servers do. */
  readonly oddReferences?: boolean;
  /** What its clock is ahead of ours, in milliseconds. */
  readonly clockAheadMs?: number;
  /** The address that it listens on. */
  readonly host?: string;
  /** Lets everybody in. */
  readonly open?: boolean;
}

export interface NodeDav extends DavServer {
  password: string;
  quota: number | null;
}

/** A WebDAV server in this process, whose abilities are chosen. */
export async function startNodeDav(options: NodeDavOptions): Promise<NodeDav> {
  const { folder, tls } = options;
  const files = path.join(folder, "files");
  await mkdir(files, { recursive: true });
  const prefix = options.cloud === true ? `/remote.php/dav/files/${account.user}` : "";
  const self: NodeDav = {
    name: "Node",
    url: "",
    files,
    ...account,
    quota: options.quota ?? null,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close").catch(() => undefined);
    },
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    response.sendDate = false;
    response.setHeader("date", new Date(Date.now() + (options.clockAheadMs ?? 0)).toUTCString());
    answer(request, response).catch(() => response.destroy());
  };
  const server = tls
    ? createSecureServer(
        { cert: await readFile(tls.certificate), key: await readFile(tls.key) },
        listener,
      )
    : createServer(listener);
  server.listen(options.port ?? 0, options.host ?? "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return Object.assign(self, { url: `${tls ? "https" : "http"}://localhost:${port}/` });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://dav");
    const given = request.headers.authorization;
    if (options.cloud === true && pathname === "/status.php")
      return void response.end(JSON.stringify({ installed: true, productname: "Nextcloud" }));
    const right = `Basic ${Buffer.from(`${self.user}:${self.password}`).toString("base64")}`;
    if (options.open !== true && given !== right)
      return void response.writeHead(401, { "www-authenticate": 'Basic realm="dav"' }).end();
    if (!`${pathname}/`.startsWith(`${prefix}/`)) return void response.writeHead(405).end();
    const at = onDisk(pathname);
    const found = await stat(at).catch(() => null);
    switch (request.method ?? "") {
      case "PROPFIND":
        return void (found === null
          ? response.writeHead(404).end()
          : await list(request, response, pathname, at));
      case "MKCOL": {
        if (found !== null) return void response.writeHead(405).end();
        const made = await mkdir(at).then(
          () => 201,
          () => 409,
        );
        return void response.writeHead(made).end();
      }
      case "PUT":
        return put(request, response, at, found?.size ?? null);
      case "GET":
      case "HEAD":
        return void (found?.isFile() === true
          ? await give(request, response, at, found.size)
          : response.writeHead(404).end());
      case "DELETE":
        await rm(at, { recursive: true, force: true });
        return void response.writeHead(found === null ? 404 : 204).end();
      case "MOVE": {
        if (options.withoutMove === true) return void response.writeHead(405).end();
        if (found === null) return void response.writeHead(404).end();
        const to = onDisk(new URL(request.headers["destination"] as string, "http://dav").pathname);
        const moved = await rename(at, to).then(
          () => 201,
          () => 409,
        );
        return void response.writeHead(moved).end();
      }
      default:
        response.writeHead(405).end();
    }
  }

  function onDisk(pathname: string): string {
    return path.join(files, decodeURIComponent(pathname).slice(prefix.length));
  }

  async function put(
    request: IncomingMessage,
    response: ServerResponse,
    at: string,
    before: number | null,
  ): Promise<void> {
    const size = Number(request.headers["content-length"] ?? 0);
    const refuse = (status: number): void => {
      request.resume();
      response.writeHead(status).end();
    };
    if (request.headers["if-none-match"] === "*" && before !== null) return refuse(412);
    if (size > (options.largestBody ?? Infinity)) return refuse(413);
    if (self.quota !== null && (await held(files)) + size > self.quota) return refuse(507);
    if ((await stat(path.dirname(at)).catch(() => null)) === null) return refuse(409);
    // As careless as many are: what was there is lost when the connection breaks.
    await pipeline(request, createWriteStream(at));
    response.writeHead(before === null ? 201 : 204).end();
  }

  async function give(
    request: IncomingMessage,
    response: ServerResponse,
    at: string,
    size: number,
  ): Promise<void> {
    const range =
      options.withoutRanges === true
        ? null
        : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const start = range === null ? 0 : Number(range[1]);
    const end = range === null || range[2] === "" ? size - 1 : Math.min(Number(range[2]), size - 1);
    if (range !== null && start >= size) return void response.writeHead(416).end();
    await using file = await open(at);
    const part = Buffer.alloc(Math.max(0, end + 1 - start));
    await file.read(part, 0, part.length, start);
    response.writeHead(range === null ? 200 : 206, {
      "content-length": part.length,
      etag: `"${createHash("md5").update(`${at}${size}`).digest("hex")}"`,
      ...(range === null ? {} : { "content-range": `bytes ${start}-${end}/${size}` }),
    });
    response.end(request.method === "HEAD" ? undefined : part);
  }

  async function list(
    request: IncomingMessage,
    response: ServerResponse,
    pathname: string,
    at: string,
  ): Promise<void> {
    const base = pathname.replace(/\/$/, "");
    const inside = request.headers["depth"] === "1" ? await readdir(at).catch(() => []) : [];
    const entries = await Promise.all(["", ...inside].map((name) => entry(base, at, name)));
    const xml = `<?xml version="1.0"?>\n<d:multistatus xmlns:d="DAV:">${entries.join("")}</d:multistatus>`;
    response.writeHead(207, { "content-type": "application/xml" }).end(xml);
  }

  async function entry(base: string, at: string, name: string): Promise<string> {
    const found = await stat(path.join(at, name)).catch(() => null);
    if (found === null) return "";
    const isFolder = found.isDirectory();
    const href = `${base}${name === "" ? "" : `/${name}`}${isFolder ? "/" : ""}`;
    const left = self.quota === null ? -3 : Math.max(0, self.quota - (await held(files)));
    return `<d:response><d:href>${options.oddReferences === true ? odd(href) : href}</d:href><d:propstat><d:prop>
      <d:resourcetype>${isFolder ? "<d:collection/>" : ""}</d:resourcetype>
      ${isFolder ? `<d:quota-available-bytes>${left}</d:quota-available-bytes>` : `<d:getcontentlength>${found.size}</d:getcontentlength>`}
      <d:getlastmodified>${found.mtime.toUTCString()}</d:getlastmodified>
      </d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`;
  }
}

/** Bytes below a folder. */
async function held(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((one) => one.isFile())
    .map((one) =>
      stat(path.join(one.parentPath, one.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** In full, behind another prefix, and with every digit encoded. */
function odd(href: string): string {
  const encoded = href.replaceAll(/\d/g, (digit) => `%3${digit}`);
  return `https://inside.example/behind/a%20proxy${encoded}`;
}

/** Sets what a server holds aside, as if its disk were not mounted; the returned function mounts it again. */
export async function unmount(server: DavServer): Promise<() => Promise<void>> {
  const aside = `${server.files}-aside`;
  await cp(server.files, aside, { recursive: true, preserveTimestamps: true });
  for (const name of await readdir(server.files))
    await rm(path.join(server.files, name), { recursive: true });
  return async () => {
    await rm(server.files, { recursive: true });
    await rename(aside, server.files);
  };
}
