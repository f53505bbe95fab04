import { createHash } from "node:crypto";
import test from "ava";
import {
  Authorization,
  type Credentials,
} from "../../../../backup-sidecar/repository/http/authorization.ts";

const credentials: Credentials = { read: async () => ({ user: "swarm", password: "secret" }) };
const basic = `Basic ${Buffer.from("swarm:secret").toString("base64")}`;
const digest = 'Digest realm="dav", nonce="abc", algorithm=MD5, qop="auth", opaque="x"';

test("over https the password is sent at once", async (t) => {
  t.is(await new Authorization(credentials, true).header("GET", "/"), basic);
});

test("in the clear it is not sent before the server has asked, and never as it is when there is Digest", async (t) => {
  const plain = new Authorization(credentials, false);
  t.is(await plain.header("GET", "/"), null);
  t.true(await plain.learn('Basic realm="dav"', null));
  t.is(await plain.header("GET", "/"), basic);

  const both = new Authorization(credentials, false);
  t.true(await both.learn(`Basic realm="dav", ${digest}`, null));
  t.regex((await both.header("GET", "/")) ?? "", /^Digest /);
});

test("Digest is answered as RFC 7616 says, with a count that grows", async (t) => {
  const authorization = new Authorization(credentials, false);
  await authorization.learn(digest, null);
  for (const count of ["00000001", "00000002"]) {
    const header = (await authorization.header("PUT", "/a/b")) ?? "";
    const field = (name: string): string =>
      new RegExp(`${name}="?([^",]+)"?`).exec(header)?.[1] ?? "";
    t.is(field("nc"), count);
    const expected = md5(
      `${md5("swarm:dav:secret")}:abc:${count}:${field("cnonce")}:auth:${md5("PUT:/a/b")}`,
    );
    t.is(field("response"), expected);
    t.is(field("opaque"), "x");
    t.is(field("uri"), "/a/b");
  }
});

test("a nonce that has grown old is replaced; a password that is refused is not tried again", async (t) => {
  const authorization = new Authorization(credentials, false);
  t.true(await authorization.learn(digest, null));
  const sent = await authorization.header("GET", "/");
  t.true(await authorization.learn(`${digest}, stale=true`, sent));
  t.false(await authorization.learn(digest, sent));
  const secure = new Authorization(credentials, true);
  t.false(await secure.learn('Basic realm="dav"', basic));
});

test("a password that has changed since is tried", async (t) => {
  let password = "old";
  const authorization = new Authorization(
    { read: async () => ({ user: "swarm", password }) },
    true,
  );
  const sent = await authorization.header("GET", "/");
  password = "new";
  t.true(await authorization.learn('Basic realm="dav"', sent));
});

test("a server that wants none gets none", async (t) => {
  const nobody = new Authorization({ read: async () => null }, true);
  t.is(await nobody.header("GET", "/"), null);
  t.false(await nobody.learn('Basic realm="dav"', null));
});

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
