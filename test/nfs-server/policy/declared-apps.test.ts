import test from "ava";
import { parseDeclaredApps } from "../../../nfs-server/policy/declared-apps.ts";

const nothingSaid = { hosts: null, services: null, size: null };

test("apps are separated by commas, what is said of them by colons", (t) => {
  t.deepEqual(parseDeclaredApps(" app1 ,app2 : hosts = node1 | web-* : size=1.5G,shared,"), [
    { app: "app1", ...nothingSaid },
    { app: "app2", hosts: ["node1", "web-*"], services: null, size: 1.5 * 1024 ** 3 },
    { app: "shared", ...nothingSaid },
  ]);
});

test("services are names, everyone, or whoever comes first", (t) => {
  t.deepEqual(
    parseDeclaredApps("a:services=blog|shop/web,b:services=*,c:services=first").map(
      ({ services }) => services,
    ),
    [["blog", "shop/web"], ["*"], "first"],
  );
});

const refused = test.macro({
  exec(t, text: string, message: string | RegExp) {
    t.throws(() => parseDeclaredApps(text), { code: "invalid", message });
  },
  title: (_, text: string) => `refused: ${text}`,
});

test(refused, "a,,b", "there is nothing between two commas");
test(refused, "a,b,a", 'app "a" is declared twice. Say all of it in one place');
test(refused, "Blog,blog", 'apps "Blog" and "blog" differ in upper and lower case alone');
test(refused, "../x", /^app name "..\/x"/);
test(refused, "repositories", 'app name "repositories" is reserved. Choose another one');
test(refused, "Shared", /too much like "shared"/);
test(refused, "a:sice=10G", 'in "a:sice=10G": unknown word "sice": did you mean "size"?');
test(
  refused,
  "a:quux=1",
  'in "a:quux=1": unknown word "quux": an app has hosts, services and size',
);
test(
  refused,
  "ok,a:size=ten",
  'in "a:size=ten": size: "ten" is not a size: write a number with K, M, G or T, like 10G',
);
test(
  refused,
  "a:hosts=node1:hosts=node2",
  /"hosts" is said twice\. Lists have bars: node1\|node2$/,
);
test(refused, "a:hosts", 'in "a:hosts": "hosts" is not word=value, as size=10G is');
test(refused, "a:hosts=", /hosts: is empty/);
test(refused, "a:hosts=n 1", /"n 1" is not a host name/);
test(refused, "a:hosts=10.0.0.0/8", /an address, and an app's hosts are names of nodes/);
test(refused, "a:services=-x", /"-x" is not the name of a stack/);
