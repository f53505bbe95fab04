import test from "ava";
import { formatJoinToken, parseJoinToken } from "../../../storage/swarmnfs/join-token.ts";

const token = {
  server: "storage1:2050",
  ca: "ab".repeat(32),
  node: "node1",
  secret: "c2VjcmV0",
};

test("a join token says what was put into it", (t) => {
  t.deepEqual(parseJoinToken(` ${formatJoinToken(token)}\n`), token);
  const { server: _, ...without } = token;
  t.deepEqual(parseJoinToken(formatJoinToken(without)), { ...without, server: undefined });
});

test("a join token that was cut off is told as such, and not repeated", (t) => {
  const cut = formatJoinToken(token).slice(0, -9);
  const error = t.throws(() => parseJoinToken(cut));
  t.regex(error.message, /^this is not a join token: .* swarmnfs server token NODE$/);
  t.false(error.message.includes(cut.slice(20)));
});

for (const text of [
  "",
  "hello",
  "swarmnfs-join-1.",
  "swarmnfs-join-1.bnVsbA",
  "swarmnfs-join-1.e30",
]) {
  test(`"${text}" is no join token`, (t) => {
    t.throws(() => parseJoinToken(text), { message: /not a join token/ });
  });
}

test("a token of a newer server is refused by its version", (t) => {
  const error = t.throws(() => parseJoinToken("swarmnfs-join-2.e30"));
  t.regex(error.message, /version 2, .*Upgrade this node/);
});
