import { clusterReport } from "./cluster-report.ts";
import type { AppRecord } from "../../storage/records/app.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import type { TrashEntry } from "../../storage/storage.ts";
import type {
  AppView,
  Finding,
  PluginStatus,
  VolumeStatus,
  VolumeView,
} from "../../storage/verbs.ts";
import type { TransferReport } from "../../storage/transfer/transfer-report.ts";
import { volumeRecord } from "../storage/records/volume-record.ts";
import { fortyDays } from "./history.ts";
import { benchReport } from "./bench-report.ts";
import { type Answers, Refusal } from "./fake-plugin.ts";
import { serverGrants } from "./storage-server.ts";

/** The moment at which every test takes place. */
export const now = Date.parse("2026-03-01T12:14:02Z");

const G = 1024 ** 3;
const M = 1024 ** 2;

export function volumeView(
  record: VolumeRecord,
  given: Partial<VolumeStatus> = {},
  uses: VolumeView["uses"] = [],
): VolumeView {
  const status: VolumeStatus = {
    app: record.app,
    storage: "dir:///srv/swarm",
    path: `apps/${record.app}/${record.name}`,
    state: "idle",
    health: "ok",
    since: "2026-03-01T09:14:02Z",
    services: record.app,
    hosts: "*",
    access: record.access,
    mountedOn: [],
    ...given,
  };
  const usage =
    status.used === undefined
      ? null
      : {
          bytes: status.used,
          files: status.files ?? 0,
          by: "walk" as const,
          at: "2026-03-01T12:04:02Z",
        };
  return { record, status, uses, usage };
}

export function appView(
  app: string,
  given: Partial<AppRecord> = {},
  more: Partial<AppView> = {},
): AppView {
  return {
    record: {
      schema: 1,
      revision: 1,
      app,
      services: [app],
      owner: null,
      hosts: ["*"],
      size: null,
      createdAt: "2026-02-11T08:00:00Z",
      createdBy: "node1",
      ...given,
    },
    volumes: [],
    used: null,
    ...more,
  };
}

export function trashEntry(
  volume: string,
  removedAt: string,
  purgeAt: string,
  app = volume,
): TrashEntry {
  const stamp = removedAt.replaceAll(/[-:]/g, "");
  return {
    id: `${volume}@${stamp}-c0ffee`,
    record: {
      schema: 1,
      volume: volumeRecord(volume, { app }),
      app: null,
      removedAt,
      removedBy: "node3",
      purgeAt,
    },
  };
}

const nodeIds = ["7b0c1a52-1111-4000-8000-000000000001", "7b0c1a52-1111-4000-8000-000000000003"];

export const blogData = volumeView(
  volumeRecord("blog_data", { app: "blog", size: 10 * G }),
  {
    state: "mounted",
    size: 10 * G,
    used: 2 * G,
    usedPercent: 20,
    files: 5204,
    owner: "stack blog (first, since 2026-02-11)",
    mountedOn: ["node1", "node3"],
    lastSnapshot: "2026-03-01T09:00:00Z",
    drift: ["size=20G was asked for on this node, and it is 10G"],
  },
  ["node1", "node3"].map((node, index) => ({
    schema: 1 as const,
    node,
    nodeId: nodeIds[index] ?? "",
    since: "2026-03-01T09:14:02Z",
    seenAt: "2026-03-01T12:13:50Z",
    consumers: [`service blog_web`],
  })),
);

export const db = volumeView(
  volumeRecord("db", { app: "shop", size: 50 * G, access: "exclusive" }),
  {
    state: "mounted",
    health: "nearly-full",
    reason: "82 % of 50G are used",
    size: 50 * G,
    used: 41 * G,
    usedPercent: 82,
    mountedOn: ["node2"],
    lastSnapshot: "2026-03-01T09:00:00Z",
  },
);

export const oldWiki = volumeView(volumeRecord("old_wiki", { app: "wiki" }), {
  since: "2026-01-19T12:00:00Z",
  used: 120 * M,
  lastSnapshot: "2026-02-27T06:00:00Z",
});

export const unreachable = volumeView(volumeRecord("zoo", { app: "zoo" }), {
  health: "unreachable",
  reason: "storage1 (10.0.0.5:2049) has not answered for 3 m 12 s",
});

export const volumes = [oldWiki, unreachable, db, blogData];

export const apps = [
  appView(
    "wiki",
    { services: ["wiki", "tools"], size: 100 * M },
    { volumes: ["old_wiki"], used: 120 * M },
  ),
  appView(
    "blog",
    { services: "first", owner: { kind: "stack", name: "blog", since: "2026-02-11T08:00:00Z" } },
    { volumes: ["blog_media", "blog_data"], used: 2 * G },
  ),
  appView("shop", { hosts: ["node1", "node2"], size: 100 * G }, { volumes: ["db"], used: 41 * G }),
];

export const trash = [
  trashEntry("old_wiki", "2026-02-20T12:14:02Z", "2026-03-22T12:14:02Z", "wiki"),
  trashEntry("blog_data", "2026-02-27T12:14:02Z", "2026-03-29T12:14:02Z", "blog"),
  trashEntry("blog_data", "2026-03-01T09:14:02Z", "2026-03-31T09:14:02Z", "blog"),
  trashEntry("tmp", "2026-03-01T00:14:02Z", "2026-03-02T00:14:02Z"),
];

export const status: PluginStatus = {
  version: "0.0.0-development",
  node: "node2",
  nodeId: "7b0c1a52-1111-4000-8000-000000000002",
  storage: "dir:///srv/swarm",
  storageId: "01953f5e-0000-7000-8000-00000000abcd",
  health: { state: "ok", total: 200 * G, free: 157 * G, notes: [] },
  trouble: null,
  docker: { state: "ok", driver: "swarmnfs" },
  volumes: 4,
  mounted: 1,
  damaged: [],
};

function found<T>(item: T | undefined, what: string): T {
  if (item === undefined) throw new Refusal("not-found", `no ${what}. See: swarmnfs volumes`, 404);
  return item;
}

export const doubleNode: Finding = {
  level: "warning",
  title: 'two nodes call themselves "node2"',
  advice:
    "Rules for hosts cannot tell them apart. Set SWARMNFS_NODE on one of them: docker plugin set swarmnfs SWARMNFS_NODE=NAME",
};

const nothing = { count: 0, first: [] };

/** What came of a copy of a volume with a socket in it. */
export const transferred: TransferReport = {
  whole: true,
  files: 5204,
  bytes: 2 * G,
  differences: nothing,
  leftOut: { count: 1, first: ["run/mysqld.sock: a socket"] },
};

/** A plugin with these volumes, apps and trash. What is changed is answered as changed, and forgotten. */
export const answers: Answers = {
  Status: () => status,
  Bench: () => [{ answer: benchReport }],
  Volumes: () => ({ volumes }),
  Volume: ({ name }) =>
    found(
      volumes.find(({ record }) => record.name === name),
      `volume "${name}"`,
    ),
  SetVolume: ({ name, change }) => {
    const view = found(
      volumes.find(({ record }) => record.name === name),
      `volume "${name}"`,
    );
    const fields = Object.fromEntries(
      Object.entries(change).filter(([, value]) => value !== undefined),
    );
    return { ...view, record: { ...view.record, ...fields } };
  },
  CloneVolume: ({ name, as }) => {
    const view = found(
      volumes.find(({ record }) => record.name === name),
      `volume "${name}"`,
    );
    return { ...view, record: { ...view.record, name: as } };
  },
  RemoveVolume: ({ name }) => ({
    outcome: {
      kind: "trashed",
      entry: `${name}@20260301T121402Z-c0ffee`,
      purgeAt: "2026-03-31T12:14:02Z",
    },
  }),
  Nodes: () => ({
    nodes: nodeIds.map((id, index) => ({
      id,
      name: `node${index * 2 + 1}`,
      seenAt: "2026-03-01T12:13:50Z",
      volumes: ["blog_data"],
      enrolled: null,
    })),
  }),
  Leases: () => serverGrants,
  Apps: () => ({ apps }),
  App: ({ app }) =>
    found(
      apps.find(({ record }) => record.app === app),
      `app "${app}"`,
    ),
  SetApp: ({ app, change }) => {
    const view = found(
      apps.find(({ record }) => record.app === app),
      `app "${app}"`,
    );
    const fields = Object.fromEntries(
      Object.entries(change).filter(([, value]) => value !== undefined),
    );
    return { ...view, record: { ...view.record, ...fields } };
  },
  RemoveUnused: ({ name }) => ({
    outcome: {
      kind: "trashed",
      entry: `${name}@20260301T121402Z-c0ffee`,
      purgeAt: "2026-03-31T12:14:02Z",
    },
  }),
  Staging: () => ({
    staging: [
      {
        name: "fill-01953f5e-0000-7000-8000-000000000000-x",
        bytes: 2 * 1024 ** 3,
        files: 5204,
        since: "2026-02-27T12:14:02Z",
      },
    ],
  }),
  DockerWaste: () => ({
    waste: [
      {
        kind: "container",
        id: "c0ffee",
        name: "old_job",
        bytes: 5 * M,
        since: "2026-02-01T12:14:02Z",
        labels: { stage: "test" },
      },
      {
        kind: "build-cache",
        id: "build-cache",
        name: "12 steps",
        bytes: 3 * G,
        since: "2026-02-20T12:14:02Z",
        labels: {},
      },
    ],
  }),
  RemoveStaging: () => ({}),
  RemoveWaste: () => ({}),
  Review: () => fortyDays(now),
  Trash: () => ({ entries: trash }),
  Import: ({ volume }) => [{ answer: { volume, report: transferred } }],
  Export: ({ volume }) => [{ answer: { volume, report: { ...transferred, leftOut: nothing } } }],
  Examine: ({ path }) => ({
    path,
    owner: { uid: 33, gid: 33, mode: 0o2770 },
    files: 5204,
    bytes: 2 * G,
    whole: true,
    leadOut: { count: 2, first: ["theme -> /usr/share/theme", "up/secret -> ../../secret"] },
    shared: { count: 1, first: ["logo.png"] },
    users: null,
  }),
  Adopt: ({ app, volume }) => volumeView(volumeRecord(volume, { app })),
  Undelete: ({ entry, as }) => {
    const { record } = found(
      trash.find(({ id }) => id === entry),
      `entry "${entry}"`,
    );
    return volumeView({ ...record.volume, name: as ?? record.volume.name });
  },
  Purge: ({ entries }) => ({ purged: entries }),
  ExamineCluster: () => ({ id: "01953f5e-0000-7000-8000-00000000abcd" }),
  ClusterExamination: () => ({
    doing: "tidying up",
    answered: ["node1", "node2"],
    waiting: [],
    report: clusterReport,
  }),
  // Worded as plugin/doctor.ts does.
  Join: () => status,
  Doctor: ({ fix }) => ({
    findings: [
      { level: "ok", title: 'plugin 0.1.0, known to Docker as "swarmnfs"; swarm node' },
      {
        level: "ok",
        title: "dir:///srv/swarm answers (storage 01953f5e-0000-7000-8000-00000000abcd)",
      },
      { level: "ok", title: "157G of 200G free" },
      {
        level: "problem",
        title: ".swarmnfs/volumes/wiki.json cannot be read",
        advice:
          "it is not JSON. It is left alone. Restore the file from a backup; the volume's data is not touched.",
      },
      doubleNode,
      fix === true
        ? { level: "ok", title: "0 volumes are mounted here" }
        : {
            level: "warning",
            title: "blog_data: mounted, though nobody seems to use it",
            advice:
              "It is unmounted within a minute, once Docker says that no container has it. To do it now: swarmnfs doctor --fix",
          },
    ],
  }),
};
