import test from "ava";
import type { Answers } from "./fake-plugin.ts";
import { says, terminal } from "./says.ts";
import { speak } from "./spoken.ts";
import { answers, blogData, db } from "./world.ts";

const storage = "swarmnfs://storage1";
const onServer = [blogData, db].map(({ record, status, uses, usage }) => ({
  record,
  status: Object.assign({}, status, { storage }),
  uses,
  usage,
}));
/** The same volumes on a storage node, which takes away what is mounted. */
const served: Answers = {
  ...answers,
  Volumes: () => ({ volumes: onServer }),
  Volume: () => onServer[0] ?? blogData,
};

const setting = { answers: served, ...terminal, line: "apps set blog hosts=node1" };
const table = `
VOLUME      IS TAKEN FROM   USED BY
blog_data   node3           service blog_web
`;

test("apps set: who loses what is said before it is asked, and no is an answer", says, {
  ...setting,
  typed: "no",
  exit: 1,
  requests: ['App {"app":"blog"}', "Volumes {}"],
  out: `${table}Nothing was changed.\n`,
});

test("apps set: after a yes it is changed", says, {
  ...setting,
  typed: "yes",
  out: `${table}app "blog" changed\n  hosts   * → node1\n`,
});

test("apps set: with --yes nobody is asked", says, {
  ...setting,
  line: `${setting.line} --yes`,
  out: 'app "blog" changed\n  hosts   * → node1\n',
});

test("apps set: where nobody can be asked it says what would be lost, and changes nothing", async (t) => {
  for (const words of [[], ["--json"]]) {
    const said = await speak(t, ["apps", "set", "blog", "hosts=node1", ...words], {
      answers: served,
    });
    t.is(said.exit, 2);
    t.regex(said.err, /blog_data/);
    t.regex(said.err, /on node3\), and nobody can be asked here\. If it is meant, add --yes/);
    t.false(said.plugin.requests.some((request) => request.startsWith("SetApp")));
  }
});

test("volumes set: the same for one volume", says, {
  ...setting,
  line: "volumes set blog_data hosts=node3",
  typed: "no",
  exit: 1,
  out: `
VOLUME      IS TAKEN FROM   USED BY
blog_data   node1           service blog_web
Nothing was changed.
`,
});

test("nobody is asked where nobody loses anything, nor on storages that take nothing away", async (t) => {
  for (const [world, hosts] of [
    [served, "node*"],
    [answers, "node1"],
  ] as const) {
    const said = await speak(t, ["apps", "set", "blog", `hosts=${hosts}`], { answers: world });
    t.is(said.exit, 0, said.err);
  }
});
