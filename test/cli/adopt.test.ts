import test from "ava";
import { says, terminal } from "./says.ts";
import { speak } from "./spoken.ts";

const request = '{"path":"old/blog","app":"blog","volume":"posts"}';

test("adopt looks first, then does it", async (t) => {
  const { exit, plugin } = await speak(t, "adopt old/blog --app blog --volume posts".split(" "));
  t.is(exit, 0);
  t.deepEqual(plugin.requests, ['Examine {"path":"old/blog"}', `Adopt ${request}`]);
});

test("adopt --dry-run only looks", async (t) => {
  const words = "adopt old/blog --app blog --volume posts --dry-run".split(" ");
  const { exit, plugin, out } = await speak(t, words);
  t.is(exit, 0);
  t.deepEqual(plugin.requests, ['Examine {"path":"old/blog"}']);
  t.regex(out, /Nothing was changed/);
});

test("adopt without a name", says, {
  line: "adopt old/blog --app blog",
  exit: 2,
  requests: [],
  err: `
swarmnfs: what shall it be called? Say --volume VOLUME
  See: swarmnfs adopt --help
`,
});

test("adopt without an app, on a terminal", says, {
  line: "adopt old/blog --volume posts",
  ...terminal,
  exit: 2,
  requests: [],
  err: `
swarmnfs: whose is it? Say --app APP
  See: swarmnfs adopt --help
`,
});
