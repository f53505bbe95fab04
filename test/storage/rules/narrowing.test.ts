import test from "ava";
import { newApp, newVolume } from "../../../storage/rules/new-volume.ts";
import { narrowsHosts, narrowsServices, sameList } from "../../../storage/rules/narrowing.ts";
import { parseOptions } from "../../../storage/rules/options.ts";

const birth = {
  id: "018f0000-0000-7000-8000-000000000001",
  fsid: 1,
  createdAt: "2026-03-01T00:00:00Z",
  createdBy: "n",
};
const app = newApp(
  "blog",
  parseOptions({ app: "blog", services: "blog,shop/web", hosts: "web-*,db1" }),
  birth,
);

const services: readonly (readonly [string[], boolean])[] = [
  [["blog"], true],
  [["shop/web", "blog"], true],
  [["blog_web"], true],
  [["blog/web"], true],
  [["shop"], false],
  [["blogger"], false],
  [["*"], false],
  [["first"], false],
];
for (const [asked, expected] of services) {
  test(`services ${asked.join(",")} ${expected ? "are" : "are not"} within blog,shop/web`, (t) => {
    t.is(narrowsServices(asked, app), expected);
  });
}

const hosts: readonly (readonly [string[], boolean])[] = [
  [["web-1"], true],
  [["WEB-1", "db1"], true],
  [["web-1*"], true],
  [["web-?"], true],
  [["web*"], false],
  [["*"], false],
  [["db?"], false],
  [["db1.lan"], false],
  [["xweb-1"], false],
];
for (const [asked, expected] of hosts) {
  test(`hosts ${asked.join(",")} ${expected ? "are" : "are not"} within web-*,db1`, (t) => {
    t.is(narrowsHosts(asked, app), expected);
  });
}

test("a question mark does not cover a star", (t) => {
  t.false(narrowsHosts(["w*"], { ...app, hosts: ["w?"] }));
  t.true(narrowsHosts(["w?"], { ...app, hosts: ["w?"] }));
});

test("under first, an owner's name and what is below it may be asked for; without an owner anything", (t) => {
  const open = { ...app, services: "first" as const };
  t.true(narrowsServices(["anybody"], open));
  const owner = { kind: "stack" as const, name: "blog", since: "2026-03-01T00:00:00Z" };
  t.true(narrowsServices(["blog_web"], { ...open, owner }));
  t.false(narrowsServices(["shop"], { ...open, owner }));
});

test("a volume that asks for what its app says anyway has no rule of its own", (t) => {
  const volume = newVolume(
    "v",
    parseOptions({ services: "shop/web|blog", hosts: "db1,web-*" }),
    app,
    birth,
  );
  t.is(volume.services, null);
  t.is(volume.hosts, null);
});

test("lists are compared without their order", (t) => {
  t.true(sameList(["a", "b"], ["b", "a"]));
  t.false(sameList(["a"], ["a", "b"]));
});
