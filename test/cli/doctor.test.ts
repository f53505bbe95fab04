import test from "ava";
import { Refusal } from "./fake-plugin.ts";
import { ascii, colours, says, terminal } from "./says.ts";
import { speak } from "./spoken.ts";
import { answers, doubleNode } from "./world.ts";

test("doctor on a terminal: what is wrong, what it means, what to do", says, {
  ...terminal,
  line: "doctor",
  exit: 1,
  requests: ["Status {}", "Doctor {}"],
  out: `
node2 → dir:///srv/swarm
  ✔ plugin 0.1.0, known to Docker as "swarmnfs"; swarm node
  ✔ dir:///srv/swarm answers (storage 01953f5e-0000-7000-8000-00000000abcd)
  ✔ 157G of 200G free
  ✘ .swarmnfs/volumes/wiki.json cannot be read
      it is not JSON. It is left alone. Restore the file from a backup; the volume's data is not
      touched.
  ! two nodes call themselves "node2"
      Rules for hosts cannot tell them apart. Set SWARMNFS_NODE on one of them: docker plugin set
      swarmnfs SWARMNFS_NODE=NAME
  ! blog_data: mounted, though nobody seems to use it
      It is unmounted within a minute, once Docker says that no container has it. To do it now:
      swarmnfs doctor --fix
3 ok, 2 warnings, 1 problem
`,
});

test("doctor in colours", says, {
  ...colours,
  line: "doctor",
  exit: 1,
  out: `
node2 → dir:///srv/swarm
  \u001B[32m✔\u001B[39m plugin 0.1.0, known to Docker as "swarmnfs"; swarm node
  \u001B[32m✔\u001B[39m dir:///srv/swarm answers (storage 01953f5e-0000-7000-8000-00000000abcd)
  \u001B[32m✔\u001B[39m 157G of 200G free
  \u001B[31m✘\u001B[39m .swarmnfs/volumes/wiki.json cannot be read
      it is not JSON. It is left alone. Restore the file from a backup; the volume's data is not
      touched.
  \u001B[33m!\u001B[39m two nodes call themselves "node2"
      Rules for hosts cannot tell them apart. Set SWARMNFS_NODE on one of them: docker plugin set
      swarmnfs SWARMNFS_NODE=NAME
  \u001B[33m!\u001B[39m blog_data: mounted, though nobody seems to use it
      It is unmounted within a minute, once Docker says that no container has it. To do it now:
      swarmnfs doctor --fix
3 ok, 2 warnings, 1 problem
`,
});

const inWords = `
node2 -> dir:///srv/swarm
  ok   plugin 0.1.0, known to Docker as "swarmnfs"; swarm node
  ok   dir:///srv/swarm answers (storage 01953f5e-0000-7000-8000-00000000abcd)
  ok   157G of 200G free
  FAIL .swarmnfs/volumes/wiki.json cannot be read
      it is not JSON. It is left alone. Restore the file from a backup; the volume's data is not touched.
  warn two nodes call themselves "node2"
      Rules for hosts cannot tell them apart. Set SWARMNFS_NODE on one of them: docker plugin set swarmnfs SWARMNFS_NODE=NAME
  warn blog_data: mounted, though nobody seems to use it
      It is unmounted within a minute, once Docker says that no container has it. To do it now: swarmnfs doctor --fix
3 ok, 2 warnings, 1 problem
`;

test("doctor in a pipe uses words", says, { line: "doctor", exit: 1, out: inWords });

test("doctor uses words on a terminal that is not known to show UTF-8", says, {
  ...ascii,
  columns: 200,
  line: "doctor",
  exit: 1,
  out: inWords.replaceAll(/(data is not|plugin set|it now:) /g, "$1\n      "),
});

test("doctor --fix mends what it can", says, {
  line: "doctor --fix",
  exit: 1,
  requests: ["Status {}", 'Doctor {"fix":true}'],
  out: inWords
    .replace(/ {2}warn blog_data(.|\n)*--fix$/m, "  ok   0 volumes are mounted here")
    .replace("3 ok, 2 warnings", "4 ok, 1 warning"),
});

test("warnings alone are no failure", says, {
  line: "doctor",
  answers: { ...answers, Doctor: () => ({ findings: [doubleNode] }) },
  out: `
node2 -> dir:///srv/swarm
  warn two nodes call themselves "node2"
      Rules for hosts cannot tell them apart. Set SWARMNFS_NODE on one of them: docker plugin set swarmnfs SWARMNFS_NODE=NAME
0 ok, 1 warning
`,
});

test("doctor --json is every finding", async (t) => {
  const said = await speak(t, ["doctor", "--json"]);
  const { node, storage, findings } = JSON.parse(said.out);
  t.deepEqual([node, storage, findings.length], ["node2", "dir:///srv/swarm", 6]);
  t.is(said.exit, 1);
});

test("doctor finds that the plugin is not there", says, {
  line: "doctor --socket /nonexistent/swarmnfs.sock",
  exit: 1,
  out: `
this node
  FAIL this node cannot be examined
      the plugin does not answer at /nonexistent/swarmnfs.sock: there is no such socket. It should be installed and enabled. See what Docker has: docker plugin ls
0 ok, 1 problem
`,
});

test("doctor passes a failure of the plugin itself on", says, {
  line: "doctor",
  exit: 1,
  answers: {
    ...answers,
    Doctor: () => {
      throw new Refusal("internal", "cannot read null", 500);
    },
  },
  err: `
swarmnfs: the plugin made a mistake: cannot read null. It is not yours; its log says more: journalctl -u docker
`,
});
