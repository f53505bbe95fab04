import type { ClusterReport } from "../../storage/verbs.ts";

/** Worded as plugin/cluster does. */
export const clusterReport: ClusterReport = {
  node: "node1",
  storage: "swarmnfs://storage1",
  nodes: [
    {
      node: "node1",
      version: "0.1.0",
      findings: [
        { level: "ok", title: 'plugin 0.1.0, known to Docker as "swarmnfs"; swarm node' },
        {
          level: "ok",
          title: "swarmnfs://storage1 answers (storage 01953f5e-0000-7000-8000-00000000abcd)",
        },
        { level: "ok", title: "storage1 is 10.0.0.5, answers on 2050 (control) and 2049 (NFS)" },
        { level: "ok", title: "157G of 200G free" },
        { level: "ok", title: "its clock and the storage's agree" },
      ],
    },
    {
      node: "node2",
      version: "0.1.0",
      findings: [
        {
          level: "ok",
          title: "plugin 0.1.0; its own doctor finds 9 of 9 things well",
        },
        { level: "ok", title: "its clock and the storage's agree" },
        {
          level: "ok",
          title: "it reads what this node writes through a volume, and this node what it writes",
        },
      ],
    },
    {
      node: "node3",
      version: null,
      findings: [
        {
          level: "problem",
          title: "Docker there has no such plugin, or it is disabled",
          advice:
            "On that node: docker plugin ls; then docker plugin enable swarmnfs, or install it there with SWARMNFS_STORAGE=swarmnfs://storage1, as it is here",
        },
      ],
    },
  ],
  findings: [
    { level: "ok", title: "3 nodes are in the swarm, 3 of them ready" },
    {
      level: "ok",
      title: "1 of 1 other nodes read what this node wrote through a volume",
    },
    { level: "ok", title: "the backup service 0.1.0 runs on node2" },
    {
      level: "ok",
      title: "12 volumes are backed up in time; the oldest last good backup is 3 h ago",
    },
  ],
};
