import test from "ava";
import { RemoteFailure } from "../../../../backup-sidecar/repository/failure.ts";
import {
  readListing,
  readQuota,
} from "../../../../backup-sidecar/repository/webdav/multistatus.ts";

const url = new URL("https://nas.lan/dav/storage/data/");

/** As servers write it, with a prefix of their own for DAV:. */
function listing(entries: readonly (readonly [string, string])[], prefix = "D"): string {
  const p = prefix === "" ? "" : `${prefix}:`;
  const responses = entries.map(
    ([href, props]) =>
      `<${p}response><${p}href>${href}</${p}href><${p}propstat><${p}prop>${props}</${p}prop><${p}status>HTTP/1.1 200 OK</${p}status></${p}propstat></${p}response>`,
  );
  return `<?xml version="1.0"?><${p}multistatus xmlns${prefix === "" ? "" : `:${prefix}`}="DAV:">${responses.join("")}</${p}multistatus>`;
}

const folder = "<D:resourcetype><D:collection/></D:resourcetype>";
const file =
  "<D:resourcetype/><D:getcontentlength>7</D:getcontentlength><D:getlastmodified>Sun, 01 Mar 2026 06:00:00 GMT</D:getlastmodified>";

const references: Readonly<Record<string, readonly string[]>> = {
  "as we asked": ["/dav/storage/data/", "/dav/storage/data/one"],
  "in full": ["https://nas.lan/dav/storage/data/", "https://nas.lan/dav/storage/data/one"],
  "without a slash at the end": ["/dav/storage/data", "/dav/storage/data/one"],
  "behind another prefix": ["/internal/x/data/", "/internal/x/data/one"],
  "percent-encoded": ["/dav/storage/%64ata/", "/dav/storage/%64ata/%6fne"],
  "with double slashes": ["/dav//storage/data/", "/dav//storage/data/one"],
};

for (const [how, [self = "", one = ""]] of Object.entries(references)) {
  test(`entries are found when references are written ${how}`, async (t) => {
    const read = await readListing(
      listing([
        [self, folder],
        [one, file],
      ]),
      url,
    );
    t.is(read.self.kind, "folder");
    t.deepEqual(read.entries, [
      {
        name: "one",
        kind: "file",
        size: 7,
        modifiedAt: Date.parse("2026-03-01T06:00:00Z"),
        etag: null,
      },
    ]);
  });
}

test("the folder itself may come last, and other prefixes and none are understood", async (t) => {
  for (const prefix of ["d", "lp1", ""]) {
    const swap = (text: string): string => text.replaceAll("D:", prefix === "" ? "" : `${prefix}:`);
    const xml = listing(
      [
        ["/dav/storage/data/a/", swap(folder)],
        ["/dav/storage/data/", swap(folder)],
      ],
      prefix,
    );
    const read = await readListing(xml, url);
    t.deepEqual(
      read.entries.map(({ name, kind }) => `${name} ${kind}`),
      ["a folder"],
      prefix,
    );
  }
});

test("what lies deeper than was asked for is left out", async (t) => {
  const xml = listing([
    ["/dav/storage/data/", folder],
    ["/dav/storage/data/a/", folder],
    ["/dav/storage/data/a/deep", file],
  ]);
  t.deepEqual(
    (await readListing(xml, url)).entries.map(({ name }) => name),
    ["a"],
  );
});

const nonsense: Readonly<Record<string, string>> = {
  "a web page": "<html><body>Log in</body></html>",
  nothing: "",
  "an empty list": listing([]),
  "entries of another folder": listing([
    ["/dav/storage/data/", folder],
    ["/dav/storage/index/x", file],
  ]),
  "files without sizes": listing([
    ["/dav/storage/data/", folder],
    ["/dav/storage/data/x", "<D:resourcetype/>"],
  ]),
  "properties that are refused": listing([["/dav/storage/data/", folder]]).replace(
    "200 OK",
    "404 Not Found",
  ),
  "half an answer": listing([
    ["/dav/storage/data/", folder],
    ["/dav/storage/data/x", file],
  ]).slice(0, 200),
};

for (const [what, xml] of Object.entries(nonsense)) {
  test(`${what} is not taken for a list of files`, async (t) => {
    const failure = await t.throwsAsync(readListing(xml, url), { instanceOf: RemoteFailure });
    t.like(failure, { kind: "server" });
  });
}

test("how much is left is known where the server says it", async (t) => {
  t.is(await quota("12345678901"), 12_345_678_901);
  t.is(await quota("0"), 0);
  for (const value of ["-1", "-2", "-3", "", "much"]) t.is(await quota(value), null, value);
});

function quota(value: string): Promise<number | null> {
  const props = `<D:quota-available-bytes>${value}</D:quota-available-bytes>`;
  return readQuota(listing([["/dav/", props]]), url);
}
