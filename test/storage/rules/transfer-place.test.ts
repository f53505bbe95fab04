import test from "ava";
import { transferPlace } from "../../../storage/rules/transfer-place.ts";

for (const [text, place] of [
  ["local:blog_data", { kind: "volume", name: "blog_data", of: "local" }],
  ["nfs:media", { kind: "volume", name: "media", of: "nfs" }],
  ["volume:cloud.1", { kind: "volume", name: "cloud.1", of: "any" }],
  ["/srv/blog", { kind: "path", path: "/srv/blog" }],
  ["/srv//my blog/", { kind: "path", path: "/srv/my blog" }],
] as const) {
  test(`"${text}" is a place`, (t) => {
    t.deepEqual(transferPlace(text), place);
  });
}

for (const text of [
  "",
  "blog_data",
  "srv/blog",
  "./blog",
  "/",
  "/srv/../etc",
  "/srv/./blog",
  "/srv/a\nb",
  "local:",
  "local:../x",
  "local:a/b",
  "tape:blog",
]) {
  test(`${JSON.stringify(text)} is none`, (t) => {
    t.throws(() => transferPlace(text), { code: "invalid", message: /local:NAME/ });
  });
}
