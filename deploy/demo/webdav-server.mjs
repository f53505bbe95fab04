// A WebDAV server, as small as one can be that backups work with: for the demo, in a container of its own.
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join, normalize } from "node:path";
import { pipeline } from "node:stream/promises";

const root = "/srv/dav";
await mkdir(join(root, "backups"), { recursive: true });

createServer(async (request, response) => {
  const answer = (status, headers = {}) => response.writeHead(status, headers).end();
  try {
    await serve(request, response, answer);
  } catch (error) {
    answer({ ENOENT: 404, EEXIST: 405, ENOTDIR: 409 }[error.code] ?? 500);
  }
}).listen(8080);

async function serve(request, response, answer) {
  const place = placeOf(request.url);
  switch (request.method) {
    case "PUT":
      await stat(dirname(place));
      await pipeline(request, createWriteStream(place));
      return answer(201);
    case "MKCOL":
      await mkdir(place);
      return answer(201);
    case "DELETE":
      await stat(place);
      await rm(place, { recursive: true });
      return answer(204);
    case "MOVE":
      await rename(place, placeOf(new URL(request.headers.destination, "http://here").pathname));
      return answer(201);
    case "HEAD":
    case "GET":
      return read(request, response, place);
    case "PROPFIND":
      return list(request, response, place);
    default:
      return answer(200, { dav: "1", allow: "GET, HEAD, PUT, DELETE, MKCOL, MOVE, PROPFIND" });
  }
}

function placeOf(url) {
  return join(root, normalize(decodeURIComponent(url.split("?")[0])));
}

async function read(request, response, place) {
  const { size } = await stat(place);
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(from ?? 0);
  const end = Math.min(size, to ? Number(to) + 1 : size);
  if (start > size) return response.writeHead(416).end();
  const part = from === undefined ? {} : { "content-range": `bytes ${start}-${end - 1}/${size}` };
  response.writeHead(from === undefined ? 200 : 206, { "content-length": end - start, ...part });
  if (request.method === "HEAD" || start === end) return response.end();
  await pipeline(createReadStream(place, { start, end: end - 1 }), response);
}

async function list(request, response, place) {
  const own = request.url.split("?")[0].replace(/\/$/, "");
  const entries = [await described(own, place)];
  if (request.headers.depth === "1" && entries[0].includes("collection"))
    for (const name of await readdir(place))
      entries.push(await described(`${own}/${encodeURIComponent(name)}`, join(place, name)));
  response.writeHead(207, { "content-type": "application/xml; charset=utf-8" });
  response.end(
    `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">${entries.join("")}</d:multistatus>`,
  );
}

async function described(url, place) {
  const found = await stat(place);
  const type = found.isDirectory() ? "<d:collection/>" : "";
  const size = found.isDirectory() ? "" : `<d:getcontentlength>${found.size}</d:getcontentlength>`;
  const time = `<d:getlastmodified>${found.mtime.toUTCString()}</d:getlastmodified>`;
  const props = `<d:resourcetype>${type}</d:resourcetype>${size}${time}`;
  const slash = found.isDirectory() ? "/" : "";
  return `<d:response><d:href>${url}${slash}</d:href><d:propstat><d:prop>${props}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`;
}
