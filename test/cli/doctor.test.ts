import test from "ava";
import { Refusal } from "./fake-plugin.ts";
import { ascii, colours, says, terminal } from "./says.ts";
import { speak } from "./spoken.ts";
import { answers } from "./world.ts";

test("doctor on a terminal: what is wrong, what it means, what to do", says, {
  ...terminal,
  line: "doctor",
  exit: 1,
  requests: ["Status {}", "Doctor {}"],
  out: `
node2 → nfs://storage1/swarm
  ✔ plugin 0.1.0, enabled as "swarmnfs"
  ✔ storage1 resolves to 10.0.0.5 and answers on 2049 (NFS 4.2)
  ✘ guard: containers can reach 10.0.0.5:2049
      The nftables table "swarmnfs" is missing. It is put back within a minute; to do it now:
      swarmnfs doctor --fix
  ! two nodes call themselves "node2": NFS locks of both are at risk
      Set SWARMNFS_NODE on one of them.
2 ok, 1 warning, 1 problem
`,
});

test("doctor in colours", says, {
  ...colours,
  line: "doctor",
  exit: 1,
  out: `
node2 → nfs://storage1/swarm
  \u001B[32m✔\u001B[39m plugin 0.1.0, enabled as "swarmnfs"
  \u001B[32m✔\u001B[39m storage1 resolves to 10.0.0.5 and answers on 2049 (NFS 4.2)
  \u001B[31m✘\u001B[39m guard: containers can reach 10.0.0.5:2049
      The nftables table "swarmnfs" is missing. It is put back within a minute; to do it now:
      swarmnfs doctor --fix
  \u001B[33m!\u001B[39m two nodes call themselves "node2": NFS locks of both are at risk
      Set SWARMNFS_NODE on one of them.
2 ok, 1 warning, 1 problem
`,
});

const inWords = `
node2 -> nfs://storage1/swarm
  ok   plugin 0.1.0, enabled as "swarmnfs"
  ok   storage1 resolves to 10.0.0.5 and answers on 2049 (NFS 4.2)
  FAIL guard: containers can reach 10.0.0.5:2049
      The nftables table "swarmnfs" is missing. It is put back within a minute; to do it now: swarmnfs doctor --fix
  warn two nodes call themselves "node2": NFS locks of both are at risk
      Set SWARMNFS_NODE on one of them.
2 ok, 1 warning, 1 problem
`;

test("doctor in a pipe uses words", says, { line: "doctor", exit: 1, out: inWords });

test("doctor uses words on a terminal that is not known to show UTF-8", says, {
  ...ascii,
  columns: 200,
  line: "doctor",
  exit: 1,
  out: inWords.replace("it now: swarmnfs", "it now:\n      swarmnfs"),
});

test("doctor --fix mends, and warnings alone are no failure", says, {
  line: "doctor --fix",
  requests: ["Status {}", 'Doctor {"fix":true}'],
  out: `
node2 -> nfs://storage1/swarm
  ok   plugin 0.1.0, enabled as "swarmnfs"
  ok   storage1 resolves to 10.0.0.5 and answers on 2049 (NFS 4.2)
  ok   guard: put back
  warn two nodes call themselves "node2": NFS locks of both are at risk
      Set SWARMNFS_NODE on one of them.
3 ok, 1 warning
`,
});

test("doctor --json is every finding", async (t) => {
  const said = await speak(t, ["doctor", "--json"]);
  const { node, storage, findings } = JSON.parse(said.out);
  t.deepEqual([node, storage, findings.length], ["node2", "nfs://storage1/swarm", 4]);
  t.is(said.exit, 1);
});

test("doctor finds that the plugin is not there", says, {
  line: "doctor --socket /nonexistent/swarmnfs.sock",
  exit: 1,
  out: `
this node
  FAIL the plugin of this node cannot be asked
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
