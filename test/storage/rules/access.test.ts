import test from "ava";
import type { AppRecord } from "../../../storage/records/app.ts";
import type { VolumeRecord } from "../../../storage/records/volume.ts";
import { decide, hostAllowed, type Consumer } from "../../../storage/rules/access.ts";
import { volumeRecord } from "../records/volume-record.ts";

function app(given: Partial<AppRecord> = {}): AppRecord {
  return {
    schema: 1,
    revision: 1,
    app: "blog",
    services: ["blog"],
    owner: null,
    hosts: ["*"],
    size: null,
    createdAt: "2026-02-11T08:00:00Z",
    createdBy: "node1",
    ...given,
  };
}

function volume(given: Partial<VolumeRecord> = {}): VolumeRecord {
  return volumeRecord("blog_data", { app: "blog", ...given });
}

const service = (name: string, stack: string | null = null): Consumer => ({
  kind: "service",
  service: name,
  stack,
  container: `${name}.1.x7k2`,
});
const compose = (project: string, name: string): Consumer => ({
  kind: "compose",
  project,
  service: name,
  container: `${project}-${name}-1`,
});
const container = (name: string): Consumer => ({ kind: "container", container: name });
const forged: Consumer = {
  kind: "forged",
  reason: 'they name swarm service "blog_web" on another node than this',
  container: "evil",
};
const owner = { kind: "stack", name: "blog", since: "2026-02-11T08:00:00Z" } as const;

interface Case {
  readonly title: string;
  readonly app?: Partial<AppRecord>;
  readonly volume?: Partial<VolumeRecord>;
  readonly node?: string;
  readonly who: Consumer | readonly Consumer[];
  readonly rootServices?: readonly string[];
}

function ask(given: Case): ReturnType<typeof decide> {
  return decide({
    app: app(given.app),
    volume: volume(given.volume),
    node: given.node ?? "node1",
    consumers: Array.isArray(given.who) ? given.who : [given.who as Consumer],
    rootServices: given.rootServices ?? ["swarmnfs_backup"],
  });
}

const allowed: (Case & { readonly claim?: unknown })[] = [
  { title: "a service of the stack", who: service("blog_web", "blog") },
  {
    title: "a service by its full name",
    app: { services: ["blog_web"] },
    who: service("blog_web", "blog"),
  },
  { title: "a service without a stack", who: service("blog") },
  { title: "a compose project", who: compose("blog", "web") },
  {
    title: "one service of a project",
    app: { services: ["blog/web"] },
    who: compose("blog", "web"),
  },
  { title: "a container of that name", who: container("blog") },
  { title: "a container with a dash after it", who: container("blog-1") },
  { title: "a container with an underscore after it", who: container("blog_old") },
  { title: "one of several rules", app: { services: ["shop", "blog"] }, who: container("blog-1") },
  { title: "anyone where everyone may", app: { services: ["*"] }, who: container("tender_bell") },
  { title: "several candidates who all may", who: [container("blog-1"), compose("blog", "web")] },
  { title: "nobody in particular", who: [] },
  {
    title: "a volume's own rule within its app's",
    volume: { services: ["blog_web"] },
    who: service("blog_web", "blog"),
  },
  {
    title: "a volume's own rule within an owner's",
    app: { services: "first", owner },
    volume: { services: ["blog_web"] },
    who: service("blog_web", "blog"),
  },
  { title: "a node by its name", app: { hosts: ["NODE1"] }, who: container("blog") },
  {
    title: "a node by its name without its domain",
    app: { hosts: ["node1"] },
    node: "node1.lan",
    who: container("blog"),
  },
  { title: "a node by a pattern", app: { hosts: ["web*", "node?"] }, who: container("blog") },
  {
    title: "the owner's stack",
    app: { services: "first", owner },
    who: service("blog_web", "blog"),
  },
  {
    title: "the owner's service",
    app: { services: "first", owner: { ...owner, kind: "service", name: "web" } },
    who: service("web"),
  },
  {
    title: "the owner's project",
    app: { services: "first", owner: { ...owner, kind: "project", name: "blog" } },
    who: compose("blog", "db"),
  },
  {
    title: "the first stack, which takes it",
    app: { services: "first" },
    who: service("blog_web", "blog"),
    claim: { kind: "stack", name: "blog" },
  },
  {
    title: "the first service, which takes it",
    app: { services: "first" },
    who: service("web"),
    claim: { kind: "service", name: "web" },
  },
  {
    title: "the first project, which takes it",
    app: { services: "first" },
    who: compose("wiki", "web"),
    claim: { kind: "project", name: "wiki" },
  },
  {
    title: "a plain container, to which it stays open",
    app: { services: "first" },
    who: container("tender_bell"),
  },
  {
    title: "candidates of one owner",
    app: { services: "first" },
    who: [compose("wiki", "web"), compose("wiki", "db")],
    claim: { kind: "project", name: "wiki" },
  },
  {
    title: "the backup service, the whole storage",
    volume: { root: true, name: "everything" },
    who: service("swarmnfs_backup", "swarmnfs"),
  },
  {
    title: "a container named in the root rule",
    volume: { root: true },
    rootServices: ["swarmnfs-backup"],
    who: container("swarmnfs-backup"),
  },
  {
    title: "a project's service named in the root rule",
    volume: { root: true },
    rootServices: ["nas/backup"],
    who: compose("nas", "backup"),
  },
];

for (const given of allowed) {
  test(`allowed: ${given.title}`, (t) => {
    const decision = ask(given);
    t.true(decision.allow, decision.allow ? "" : decision.error.message);
    if (decision.allow) t.deepEqual(decision.claim, given.claim ?? null);
  });
}

const denied: (Case & { readonly says: string })[] = [
  {
    title: "a container of another name",
    who: container("tender_bell"),
    says: '"blog_data" belongs to app "blog": the stack, compose project or service "blog" and containers called blog, blog-… or blog_… may mount it; this is container "tender_bell". To allow it: swarmnfs apps set blog services=blog,tender_bell',
  },
  {
    title: "a container whose name merely begins like it",
    who: container("blogger"),
    says: '"blog_data" belongs to app "blog": the stack, compose project or service "blog" and containers called blog, blog-… or blog_… may mount it; this is container "blogger". To allow it: swarmnfs apps set blog services=blog,blogger',
  },
  {
    title: "a service whose name merely begins like it",
    who: service("blog_web"),
    says: '"blog_data" belongs to app "blog": the stack, compose project or service "blog" and containers called blog, blog-… or blog_… may mount it; this is service "blog_web". To allow it: swarmnfs apps set blog services=blog,blog_web',
  },
  {
    title: "another stack",
    who: service("shop_web", "shop"),
    says: '"blog_data" belongs to app "blog": the stack, compose project or service "blog" and containers called blog, blog-… or blog_… may mount it; this is service "shop_web". To allow it: swarmnfs apps set blog services=blog,shop',
  },
  {
    title: "a compose project's container that is called like the app",
    who: { kind: "compose", project: "shop", service: "web", container: "blog-1" },
    says: '"blog_data" belongs to app "blog": the stack, compose project or service "blog" and containers called blog, blog-… or blog_… may mount it; this is compose project "shop" (service "web"). To allow it: swarmnfs apps set blog services=blog,shop',
  },
  {
    title: "another service of a project",
    app: { services: ["blog/web"] },
    who: compose("blog", "db"),
    says: '"blog_data" belongs to app "blog": the compose service "blog/web" may mount it; this is compose project "blog" (service "db"). To allow it: swarmnfs apps set blog services=blog/web,blog',
  },
  {
    title: "where nobody may",
    app: { services: [] },
    who: container("blog"),
    says: '"blog_data" belongs to app "blog": nobody may mount it; this is container "blog". To allow it: swarmnfs apps set blog services=blog',
  },
  {
    title: "who may have the app, but not this volume",
    volume: { services: ["blog_web"] },
    who: service("blog_db", "blog"),
    says: '"blog_data" is for the stack, compose project or service "blog_web" and containers called blog_web, blog_web-… or blog_web_… alone; this is service "blog_db". To allow it: swarmnfs volumes set blog_data services=blog_web,blog',
  },
  {
    title: "another node",
    app: { hosts: ["node2", "web*"] },
    who: container("blog"),
    says: '"blog_data" may be mounted on node2, web*; this is node "node1". To allow it: swarmnfs apps set blog hosts=node2,web*,node1',
  },
  {
    title: "another node than the volume's own",
    volume: { hosts: ["node2"] },
    who: container("blog"),
    says: '"blog_data" may be mounted on node2; this is node "node1". To allow it: swarmnfs volumes set blog_data hosts=node2,node1',
  },
  {
    title: "a node that is right for nobody, even when nobody in particular asks",
    app: { hosts: ["node2"] },
    who: [],
    says: '"blog_data" may be mounted on node2; this is node "node1". To allow it: swarmnfs apps set blog hosts=node2,node1',
  },
  {
    title: "another stack than the owner",
    app: { services: "first", owner },
    who: service("shop_web", "shop"),
    says: '"blog_data" belongs to stack "blog", which mounted it first; this is service "shop_web". To allow it: swarmnfs apps set blog services=blog,shop',
  },
  {
    title: "a plain container after somebody took it",
    app: { services: "first", owner },
    who: container("blog"),
    says: '"blog_data" belongs to stack "blog", which mounted it first; this is container "blog". To allow it: swarmnfs apps set blog services=blog',
  },
  {
    title: "a project called like the stack that owns it",
    app: { services: "first", owner },
    who: compose("blog", "web"),
    says: '"blog_data" belongs to stack "blog", which mounted it first; this is compose project "blog" (service "web"). To allow it: swarmnfs apps set blog services=blog',
  },
  {
    title: "two who could both be the first",
    app: { services: "first" },
    who: [service("blog_web", "blog"), compose("shop", "web")],
    says: '"blog_data" belongs to whoever mounts it first, and service "blog_web" and compose project "shop" (service "web") could be the one that starts. Start one of them alone, or say who owns it: swarmnfs apps set blog services=NAME',
  },
  {
    title: "several candidates of whom one may not",
    who: [container("blog-1"), container("shop-1")],
    says: '"blog_data" belongs to app "blog": the stack, compose project or service "blog" and containers called blog, blog-… or blog_… may mount it; this is container "shop-1". To allow it: swarmnfs apps set blog services=blog,shop-1 (container "blog-1" could be the one that starts as well; remove the container that is not needed)',
  },
  {
    title: "forged labels, even where everyone may",
    app: { services: ["*"] },
    who: forged,
    says: 'container "evil" is not what its labels say: they name swarm service "blog_web" on another node than this. Remove these labels from it',
  },
  {
    title: "the whole storage to an ordinary service",
    volume: { root: true, name: "everything", app: "root" },
    app: { app: "root", services: ["*"] },
    who: service("blog_web", "blog"),
    says: '"everything" is the whole storage: only "swarmnfs_backup" may mount it; this is service "blog_web". To allow a service: docker plugin set swarmnfs SWARMNFS_ROOT_SERVICES=NAME',
  },
  {
    title: "the whole storage to a container that merely is called like the backup",
    volume: { root: true, name: "everything", app: "root" },
    app: { app: "root", services: ["*"] },
    who: container("swarmnfs_backup-2"),
    says: '"everything" is the whole storage: only "swarmnfs_backup" may mount it; this is container "swarmnfs_backup-2". To allow a service: docker plugin set swarmnfs SWARMNFS_ROOT_SERVICES=NAME',
  },
  {
    title: "the whole storage where no service is named",
    volume: { root: true, name: "everything", app: "root" },
    app: { app: "root", services: ["*"] },
    rootServices: [],
    who: service("swarmnfs_backup", "swarmnfs"),
    says: '"everything" is the whole storage: only nobody may mount it; this is service "swarmnfs_backup". To allow a service: docker plugin set swarmnfs SWARMNFS_ROOT_SERVICES=NAME',
  },
];

for (const given of denied) {
  test(`denied: ${given.title}`, (t) => {
    const decision = ask(given);
    if (decision.allow) return t.fail(`allowed by ${decision.rule}`);
    t.is(decision.error.message, given.says);
    t.is(decision.error.code, "denied");
  });
}

test("what allowed it is named for the audit", (t) => {
  t.like(ask({ title: "", who: service("blog_web", "blog") }), {
    rule: 'service "blog_web" by services=blog',
  });
});

for (const [hosts, node, is] of [
  [["*"], "node1", true],
  [["node1.lan"], "node1.lan", true],
  [["node1.lan"], "node1", false],
  [["node*"], "Node-7.example.org", true],
  [["node.1"], "nodeX1", false],
  [["*.lan"], "node1.lan", true],
  [["node[1]"], "node1", false],
  [["a", "b"], "c", false],
  [[], "node1", false],
] as const) {
  test(`hosts=${hosts.join(",")} ${is ? "includes" : "does not include"} node ${node}`, (t) => {
    t.is(hostAllowed(hosts, node), is);
  });
}
