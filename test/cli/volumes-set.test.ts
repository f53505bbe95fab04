import test from "ava";
import { says, terminal } from "./says.ts";
import { speak } from "./spoken.ts";
import { blogData } from "./world.ts";

test("volumes set: before and after", says, {
  ...terminal,
  line: "volumes set db size=1.5T access=shared services=shop,shop_cron on-remove=retain mount-options=",
  requests: [
    'Volume {"name":"db"}',
    'SetVolume {"name":"db","change":{"size":1649267441664,"access":"shared","services":["shop","shop_cron"],"onRemove":"retain","mountOptions":[]}}',
  ],
  out: `
volume "db" changed
  size        50G → 1536G
  access      exclusive → shared
  services    as the app → shop, shop_cron
  on-remove   archive → retain
`,
});

test("volumes set: an empty rule is the app's again, and what was so already is said", says, {
  line: "volumes set db services= size=50G backup=",
  requests: [
    'Volume {"name":"db"}',
    'SetVolume {"name":"db","change":{"services":null,"size":53687091200,"backup":"default"}}',
  ],
  out: `
volume "db" was like that already; nothing changed
`,
});

test("volumes set --json is the volume as it is now", async (t) => {
  const said = await speak(t, ["volumes", "set", "blog_data", "size=none", "--json"]);
  t.deepEqual(
    JSON.parse(said.out),
    JSON.parse(JSON.stringify({ ...blogData, record: { ...blogData.record, size: null } })),
  );
});

for (const [word, message] of [
  [
    "size",
    '"size" is not key=value. Keys: services, hosts, access, size, on-remove, backup, mount-options.',
  ],
  [
    "szie=1G",
    'unknown key "szie": did you mean "size"? Keys: services, hosts, access, size, on-remove, backup, mount-options.',
  ],
  [
    "colour=red",
    'unknown key "colour". Keys: services, hosts, access, size, on-remove, backup, mount-options.',
  ],
  [
    "uid=33",
    '"uid" is decided when a volume is created and stays. What can be changed: services, hosts, access, size, on-remove, backup, mount-options.',
  ],
  ["size=big", '"size=big": "big" is not a size: write a number with K, M, G or T, like 10G'],
  [
    "hosts=a,,b",
    '"hosts=a,,b" has an empty name in it. Write names with commas between: hosts=a,b',
  ],
  [
    "access=exclusiv",
    '"access=exclusiv" is none of shared, exclusive, readonly. Did you mean "exclusive"?',
  ],
  ["on-remove=burn", '"on-remove=burn" is none of archive, delete, retain.'],
] as const) {
  test(`volumes set refuses ${word} before asking the plugin`, says, {
    line: `volumes set db ${word}`,
    exit: 2,
    requests: [],
    err: `
swarmnfs: ${message}
  See: swarmnfs volumes set --help
`,
  });
}

test("volumes set refuses a key given twice", says, {
  line: "volumes set db size=1G size=2G",
  exit: 2,
  requests: [],
  err: `
swarmnfs: "size" is given twice. Say it once.
  See: swarmnfs volumes set --help
`,
});
