import test from "ava";
import { ascii, colours, says, terminal } from "./says.ts";
import { speak } from "./spoken.ts";
import { answers, oldWiki, status, volumes } from "./world.ts";

test("volumes: problems first, then by name, with ages on a terminal", says, {
  ...terminal,
  line: "volumes",
  requests: ["Volumes {}", "Status {}"],
  out: `
VOLUME      APP    SIZE   USED        MOUNTED ON      LAST SNAPSHOT   HEALTH
zoo         zoo    –      –           –               –               unreachable: storage1
                                                                      (10.0.0.5:2049) has not
                                                                      answered for 3 m 12 s
blog_data   blog   10G    2.0G  20%   node1, node3    3 h ago         ok
db          shop   50G    41G   82%   node2 (excl.)   3 h ago         nearly full
old_wiki    wiki   –      120M        –               2 d ago         unused for 41 d
4 volumes, 1 problem, 43G used of 200G, 1 not counted yet
`,
});

test("volumes: moments and plain characters in a pipe, one line a volume", says, {
  line: "volumes list",
  out: `
VOLUME      APP    SIZE   USED        MOUNTED ON      LAST SNAPSHOT          HEALTH
zoo         zoo    -      -           -               -                      unreachable: storage1 (10.0.0.5:2049) has not answered for 3 m 12 s
blog_data   blog   10G    2.0G  20%   node1, node3    2026-03-01T09:00:00Z   ok
db          shop   50G    41G   82%   node2 (excl.)   2026-03-01T09:00:00Z   nearly full
old_wiki    wiki   -      120M        -               2026-02-27T06:00:00Z   unused since 2026-01-19T12:00:00Z
4 volumes, 1 problem, 43G used of 200G, 1 not counted yet
`,
});

test("volumes: cells break between words on a narrow terminal", says, {
  columns: 70,
  line: "volumes",
  out: `
VOLUME     APP   SIZE  USED       MOUNTED  LAST       HEALTH
                                  ON       SNAPSHOT
zoo        zoo   –     –          –        –          unreachable:
                                                      storage1
                                                      (10.0.0.5:2049)
                                                      has not answered
                                                      for 3 m 12 s
blog_data  blog  10G   2.0G  20%  node1,   3 h ago    ok
                                  node3
db         shop  50G   41G   82%  node2    3 h ago    nearly full
                                  (excl.)
old_wiki   wiki  –     120M       –        2 d ago    unused for 41 d
4 volumes, 1 problem, 43G used of 200G, 1 not counted yet
`,
});

test("volumes: a block a volume on a very narrow terminal", says, {
  columns: 40,
  line: "volumes",
  answers: { ...answers, Volumes: () => ({ volumes: volumes.slice(1, 3) }) },
  out: `
zoo
  app             zoo
  size            –
  used            –
  mounted on      –
  last snapshot   –
  health          unreachable: storage1
                  (10.0.0.5:2049) has
                  not answered for 3 m
                  12 s
db
  app             shop
  size            50G
  used            41G  82%
  mounted on      node2 (excl.)
  last snapshot   3 h ago
  health          nearly full
2 volumes, 1 problem, 41G used of 200G, 1 not counted yet
`,
});

test("volumes: red to act, yellow to look, green for fine", says, {
  ...colours,
  line: "volumes",
  out: `
VOLUME      APP    SIZE   USED        MOUNTED ON      LAST SNAPSHOT   HEALTH
zoo         zoo    –      –           –               –               \u001B[31munreachable: storage1\u001B[39m
                                                                      \u001B[31m(10.0.0.5:2049) has not\u001B[39m
                                                                      \u001B[31manswered for 3 m 12 s\u001B[39m
blog_data   blog   10G    2.0G  20%   node1, node3    3 h ago         \u001B[32mok\u001B[39m
db          shop   50G    41G   82%   node2 (excl.)   3 h ago         \u001B[33mnearly full\u001B[39m
old_wiki    wiki   –      120M        –               2 d ago         \u001B[33munused for 41 d\u001B[39m
4 volumes, \u001B[31m1 problem\u001B[39m, 43G used of 200G, 1 not counted yet
`,
});

test("volumes: without any it says how to make one", says, {
  ...terminal,
  line: "volumes",
  answers: {
    Volumes: () => ({ volumes: [] }),
    Status: () => ({ ...status, docker: { state: "ok", driver: "swarmnfs:latest" } }),
  },
  out: `
No volumes yet. To make one: docker volume create -d swarmnfs:latest -o app=blog blog_data
`,
});

test("volumes --json is the whole answer", async (t) => {
  const said = await speak(t, ["volumes", "--json"], { columns: 80 });
  t.deepEqual(JSON.parse(said.out), JSON.parse(JSON.stringify({ volumes })));
  t.is(said.exit, 0);
});

test("volumes --drift: what Docker was asked for and the record says", says, {
  ...terminal,
  line: "volumes --drift",
  requests: ['Volumes {"drift":true}'],
  out: `
VOLUME      APP    DIFFERENCE
blog_data   blog   size=20G was asked for on this node, and it is 10G
1 volume is not as Docker was asked for on this node. The record counts; to change it: swarmnfs
volumes set
`,
});

test("volumes --drift: says so when there is none", says, {
  line: "volumes --drift",
  answers: { Volumes: () => ({ volumes: [] }) },
  out: `
No differences: every volume is as Docker was asked for it on this node
`,
});

test("volumes show: everything on a terminal", says, {
  ...terminal,
  line: "volumes show blog_data",
  out: `
volume          blog_data
app             blog
health          ok
state           mounted for 3 h
storage         dir:///srv/swarm
path            apps/blog/blog_data
services        blog (as the app)
owner           stack blog (first, since 2026-02-11)
hosts           * (as the app)
access          shared
size            10G
used            2.0G (20 %), 5,204 files, counted 10 m ago
mounted on      node1: service blog_web, for 3 h
                node3: service blog_web, for 3 h
last snapshot   3 h ago
backup          default
on-remove       archive
directory       uid 0, gid 0, mode 0755
created         18 d ago on node1
differs         size=20G was asked for on this node, and it is 10G
`,
});

test("volumes show: everything in a pipe", says, {
  line: "volumes show old_wiki",
  out: `
volume          old_wiki
app             wiki
health          unused since 2026-01-19T12:00:00Z
state           idle since 2026-01-19T12:00:00Z
storage         dir:///srv/swarm
path            apps/wiki/old_wiki
services        wiki (as the app)
hosts           * (as the app)
access          shared
size            no limit
used            120M, counted 2026-03-01T12:04:02Z
mounted on      -
last snapshot   2026-02-27T06:00:00Z
backup          default
on-remove       archive
directory       uid 0, gid 0, mode 0755
created         2026-02-11T08:00:00Z on node1
`,
});

test("volumes: nothing is called unused by a plugin that only knows when it was created", async (t) => {
  const { record } = oldWiki;
  const old = { ...record, createdAt: "2025-06-01T08:00:00Z" };
  const view = { ...oldWiki, record: old, status: { ...oldWiki.status, since: old.createdAt } };
  const given = { ...answers, Volumes: () => ({ volumes: [view] }), Volume: () => view };
  const list = await speak(t, ["volumes"], { answers: given });
  t.regex(list.out, /old_wiki .* ok\n/);
  const show = await speak(t, ["volumes", "show", "old_wiki"], { answers: given });
  t.regex(show.out, /^health +ok\nstate +idle\n/m);
});

test("volumes show: why a volume is worth a look, and the words of older terminals", says, {
  ...ascii,
  line: "volumes show db",
  out: `
volume          db
app             shop
health          nearly full
                82 % of 50G are used
                for 3 h
state           mounted
storage         dir:///srv/swarm
path            apps/shop/db
services        shop (as the app)
hosts           * (as the app)
access          exclusive
size            50G
used            41G (82 %), counted 10 m ago
mounted on      node2
last snapshot   3 h ago
backup          default
on-remove       archive
directory       uid 0, gid 0, mode 0755
created         18 d ago on node1
`,
});

test("volumes: what another node has mounted is not unused", async (t) => {
  const view = { ...oldWiki, status: { ...oldWiki.status, mountedOn: ["node9"] } };
  const said = await speak(t, ["volumes"], {
    answers: { ...answers, Volumes: () => ({ volumes: [view] }) },
  });
  t.regex(said.out, /node9 +2026-02-27T06:00:00Z +ok\n/);
});

test("volumes show: the plugin's own words for a volume that is not there", says, {
  line: "volumes show blog",
  exit: 1,
  err: `
swarmnfs: no volume "blog". See: swarmnfs volumes
`,
});
