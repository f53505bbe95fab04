import test from "ava";
import { colours, says, terminal } from "./says.ts";
import { speak } from "./spoken.ts";
import { answers, apps, appView } from "./world.ts";

test("apps: those beyond their size first, then by name", says, {
  ...terminal,
  line: "apps",
  requests: ["Apps {}"],
  out: `
APP    SERVICES             HOSTS          SIZE   USED          VOLUMES
wiki   wiki, tools          *              100M   120M (over)   old_wiki
blog   stack blog (first)   *              –      2.0G          blog_data, blog_media
shop   shop                 node1, node2   100G   41G           db
3 apps, 4 volumes, 43G used
`,
});

test("apps: the same in a pipe", says, {
  line: "apps list",
  out: `
APP    SERVICES             HOSTS          SIZE   USED          VOLUMES
wiki   wiki, tools          *              100M   120M (over)   old_wiki
blog   stack blog (first)   *              -      2.0G          blog_data, blog_media
shop   shop                 node1, node2   100G   41G           db
3 apps, 4 volumes, 43G used
`,
});

test("apps: without any", says, {
  ...terminal,
  line: "apps",
  answers: { Apps: () => ({ apps: [] }) },
  out: `
No apps yet: the first volume of an app makes it.
`,
});

test("apps --json is the whole answer", async (t) => {
  const said = await speak(t, ["--json", "apps"]);
  t.deepEqual(JSON.parse(said.out), { apps });
});

test("apps show: who came first, and since when", says, {
  ...terminal,
  line: "apps show blog",
  requests: ['App {"app":"blog"}'],
  out: `
app        blog
services   stack blog (first)
           owner for 18 d
hosts      *
size       no limit
used       2.0G
volumes    blog_data, blog_media
created    18 d ago on node1
`,
});

test("apps show: an app that nobody mounted yet, in a pipe", says, {
  line: "apps show new",
  answers: { App: () => appView("new", { services: "first" }) },
  out: `
app        new
services   first (nobody yet)
hosts      *
size       no limit
used       -
volumes    -
created    2026-02-11T08:00:00Z on node1
`,
});

test("apps set: before and after, on a terminal", says, {
  ...colours,
  line: "apps set blog services=blog,tools hosts=node* size=100G",
  requests: [
    'App {"app":"blog"}',
    "Volumes {}",
    'SetApp {"app":"blog","change":{"services":["blog","tools"],"hosts":["node*"],"size":107374182400}}',
  ],
  out: `
app "blog" changed
  services   stack blog (first) → blog, tools
  hosts      * → node*
  size       none → 100G
`,
});

test("apps set: before and after, in a pipe", says, {
  line: "apps set shop services=first size=none",
  requests: [
    'App {"app":"shop"}',
    'SetApp {"app":"shop","change":{"services":"first","size":null}}',
  ],
  out: `
app "shop" changed
  services   shop -> first (nobody yet)
  size       100G -> none
`,
});

test("apps set --json is the app as it is now", async (t) => {
  const said = await speak(t, ["apps", "set", "shop", "size=none", "--json"], { answers });
  t.is(JSON.parse(said.out).record.size, null);
});

test("apps set needs something to set", says, {
  line: "apps set shop",
  exit: 2,
  requests: [],
  err: `
swarmnfs: "apps set" needs more to go by: swarmnfs apps set APP KEY=VALUE...
  See: swarmnfs apps set --help
`,
});
