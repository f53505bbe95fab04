import test from "ava";
import { clusterReport } from "./cluster-report.ts";
import { ascii, says, terminal } from "./says.ts";
import { speak } from "./spoken.ts";
import { answers } from "./world.ts";

const id = "01953f5e-0000-7000-8000-00000000abcd";
const requests = ["ExamineCluster {}", `ClusterExamination {"id":"${id}"}`];

test("doctor --cluster says of each node what was found, and of all together", says, {
  ...terminal,
  line: "doctor --cluster",
  exit: 1,
  requests,
  out: `
node1 → swarmnfs://storage1
  ✔ plugin 0.1.0, known to Docker as "swarmnfs"; swarm node
  ✔ swarmnfs://storage1 answers (storage 01953f5e-0000-7000-8000-00000000abcd)
  ✔ storage1 is 10.0.0.5, answers on 2050 (control) and 2049 (NFS)
  ✔ 157G of 200G free
  ✔ its clock and the storage's agree
node2
  ✔ plugin 0.1.0; its own doctor finds 9 of 9 things well
  ✔ its clock and the storage's agree
  ✔ it reads what this node writes through a volume, and this node what it writes
node3
  ✘ Docker there has no such plugin, or it is disabled
      On that node: docker plugin ls; then docker plugin enable swarmnfs, or install it there with
      SWARMNFS_STORAGE=swarmnfs://storage1, as it is here
all together
  ✔ 3 nodes are in the swarm, 3 of them ready
  ✔ 1 of 1 other nodes read what this node wrote through a volume
  ✔ the backup service 0.1.0 runs on node2
  ✔ 12 volumes are backed up in time; the oldest last good backup is 3 h ago
12 ok, 1 problem
`,
});

test("doctor --cluster uses words where symbols cannot be shown", async (t) => {
  const { out, exit } = await speak(t, ["doctor", "--cluster"], ascii);
  t.is(exit, 1);
  t.regex(out, /^node1 -> swarmnfs:\/\/storage1\n {2}ok {3}plugin/);
  t.regex(out, /^ {2}FAIL Docker there has no such plugin/m);
});

test("doctor --cluster says meanwhile who has answered and who is waited for", async (t) => {
  const course = [
    { doing: "examining this node", answered: [], waiting: [], report: null },
    { doing: "asking the nodes", answered: ["node1"], waiting: ["node2", "node3"], report: null },
    { doing: "asking the nodes", answered: ["node1"], waiting: ["node2", "node3"], report: null },
  ];
  const said = await speak(t, ["doctor", "--cluster"], {
    ...terminal,
    answers: {
      ...answers,
      ClusterExamination: () =>
        course.shift() ?? { doing: "", answered: [], waiting: [], report: clusterReport },
    },
  });
  t.is(
    said.err,
    "examining this node …\nasking the nodes: 1 node answered; waiting for node2, node3 …\n",
  );
  t.regex(said.out, /12 ok, 1 problem\n$/);
});

test("doctor --cluster --json is the whole truth, and 0 without a problem", async (t) => {
  const well = {
    ...clusterReport,
    nodes: clusterReport.nodes.filter(({ version }) => version !== null),
  };
  const { out, err, exit } = await speak(t, ["doctor", "--cluster", "--json"], {
    answers: {
      ...answers,
      ClusterExamination: () => ({ doing: "", answered: [], waiting: [], report: well }),
    },
  });
  t.deepEqual(JSON.parse(out), well);
  t.is(err, "");
  t.is(exit, 0);
});
