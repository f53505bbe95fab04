import test from "ava";
import { commands } from "../../cli/command.ts";
import type { Commands, Talk } from "../../backup-sidecar/control/commands.ts";
import { printable } from "../../cli/printable.ts";
import { UserError } from "../../service/user-error.ts";
import type { AnswerOf } from "../../storage/swarmnfs/protocol/routes.ts";
import { backupCommands, workProgress } from "./fake-backup.ts";
import { type Answers, Refusal } from "./fake-plugin.ts";
import { speak } from "./spoken.ts";
import type { ServerAnswers } from "./fake-server.ts";
import { enrolledNode, serverLease } from "./storage-server.ts";
import { answers, appView, status, trashEntry, volumeView } from "./world.ts";
import { volumeRecord } from "../storage/records/volume-record.ts";

// Clears the screen, sets the title, comes back over the line, fakes a second line, hides and reorders text.
const evil = "x\u001B[2J\u001B]0;owned\u0007\r\nok\u009B31m\u202Eevil\u200B\u2028\u007F\uD800";

const record = volumeRecord(evil, {
  app: evil,
  createdBy: evil,
  backup: evil,
  mountOptions: [evil],
});
const view = volumeView(
  record,
  {
    health: "damaged",
    reason: evil,
    storage: evil,
    path: evil,
    services: evil,
    owner: evil,
    since: evil,
    lastSnapshot: evil,
    mountedOn: [evil],
    drift: [evil],
  },
  [{ schema: 1, node: evil, nodeId: evil, since: evil, seenAt: evil, consumers: [evil] }],
);
const app = appView(
  evil,
  { services: [evil], hosts: [evil], createdBy: evil },
  { volumes: [evil] },
);
const entry = { ...trashEntry("v", evil, evil, evil), id: evil };

const evilAnswers: Answers = {
  Status: () => ({
    ...status,
    version: evil,
    node: evil,
    storage: evil,
    trouble: { reason: evil, since: evil },
    docker: { state: "ok", driver: evil },
    damaged: [{ file: evil, reason: evil }],
  }),
  Volumes: () => ({ volumes: [view] }),
  Volume: () => view,
  SetVolume: () => ({ ...view, record: { ...record, backup: `${evil}2` } }),
  CloneVolume: () => view,
  RemoveVolume: () => ({ outcome: { kind: "trashed", entry: evil, purgeAt: evil } }),
  Nodes: () => ({
    nodes: [{ id: evil, name: evil, seenAt: null, volumes: [evil], enrolled: null }],
  }),
  Leases: () => evilGrants,
  Apps: () => ({ apps: [app] }),
  App: () => app,
  SetApp: () => ({ ...app, record: { ...app.record, hosts: ["*"] } }),
  Trash: () => ({ entries: [entry] }),
  Undelete: () => view,
  Purge: ({ entries }) => ({ purged: entries }),
  Join: () => ({ ...status, node: evil, storage: evil, trouble: { reason: evil, since: evil } }),
  Doctor: () => ({ findings: [{ level: "problem", title: evil, advice: evil }] }),
};

const evilNode = enrolledNode(evil, { state: "fenced", fencedBecause: evil, address: evil });
const evilGrants: AnswerOf<"leases"> = {
  leases: [serverLease("db", { node: evil, address: evil, consumers: [evil] })],
  statics: [
    {
      volume: "db",
      app: "shop",
      host: evil,
      address: evil,
      mode: "ro",
      since: "2026-03-01T09:14:02Z",
    },
  ],
};
const evilServer: ServerAnswers = {
  nodes: () => ({ nodes: [evilNode] }),
  leases: () => evilGrants,
  token: () => ({ token: evil, expiresAt: "2026-03-01T13:14:02Z" }),
  config: () => ({ settings: [{ name: evil, value: evil, from: "default" }], notes: [evil] }),
};

const lines = [
  ["volumes"],
  ["volumes", "--drift"],
  ["volumes", "show", evil],
  ["volumes", "clone", evil, evil],
  ["volumes", "rm", evil],
  ["usage"],
  ["bench", evil],
  ["report"],
  ["clean"],
  ["nodes"],
  ["leases"],
  ["volumes", "set", evil, "backup=off"],
  ["apps"],
  ["apps", "show", evil],
  ["apps", "set", evil, "hosts=*"],
  ["trash"],
  ["trash", "undelete", evil],
  ["trash", "purge", evil],
  ["adopt", evil, "--app", evil, "--volume", evil],
  ["adopt", evil, "--app", evil, "--volume", evil, "--dry-run"],
  ["import", evil, "--app", evil, "--volume", evil],
  ["export", evil, "--to", evil],
  // Any file of one word will do.
  ["join", "/proc/sys/kernel/hostname"],
  ["doctor"],
  ["status"],
  ["server", "nodes"],
  ["server", "leases"],
  ["server", "token", evil],
  ["server", "revoke", evil],
  ["server", "unfence", evil],
  ["server", "print-config"],
  ["backup"],
  ["backup", "run"],
  ["backup", "snapshots"],
  ["backup", "ls", "3f2a9c1e"],
  ["backup", "diff", "3f2a9c1e", "77b01d42"],
  ["backup", "dump", "3f2a9c1e", "/other"],
  ["backup", "restore", "x"],
  ["backup", "verify"],
  ["backup", "drill"],
  ["backup", "confirm", evil],
  ["backup", "forget"],
  ["backup", "prune"],
  ["backup", "key", "list", evil],
  ["backup", "check-target"],
  ["backup", "print-config"],
  ["version"],
];

const refusing = Object.fromEntries(
  Object.keys(answers).map((verb) => [
    verb,
    () => {
      throw new Refusal("conflict", evil, 409);
    },
  ]),
);

const refusingServer = Object.fromEntries(
  Object.keys(evilServer).map((name) => [name, refusing["Status"]]),
) as ServerAnswers;

type Work = (request: never, talk: Talk<"ls">) => Promise<unknown>;

/** A backup service all of whose words are evil; or that refuses with one. */
const [evilBackup, refusingBackup] = [true, false].map((answers_) =>
  Object.fromEntries(
    Object.entries(backupCommands).map(([verb, work]) => [
      verb,
      async (request: never, talk: Talk<"ls">) => {
        if (!answers_ || verb === "dump") throw new UserError("conflict", evil);
        talk.note(evil);
        talk.progress({ ...poisoned(workProgress), totalBytes: null });
        const item = async (each: unknown): Promise<void> => talk.item(poisoned(each) as never);
        return poisoned(await (work as Work)(request, { ...talk, item }));
      },
    ]),
  ),
) as unknown as [Partial<Commands>, Partial<Commands>];

/** The same with every text in it evil. */
function poisoned<Value>(value: Value): Value {
  if (typeof value === "string") return evil as Value;
  if (Array.isArray(value)) return value.map((each) => poisoned<unknown>(each)) as Value;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, poisoned<unknown>(each)]);
  return Object.fromEntries(entries) as Value;
}

test("every command is among those that are tried here", (t) => {
  const tried = new Set(lines.flatMap((words) => [words[0], words.slice(0, 2).join(" ")]));
  for (const { name, isDefault } of commands)
    t.true(tried.has(isDefault === true ? (name.split(" ")[0] ?? "") : name), name);
});

// Colour is the one escape sequence that is ours.
// oxlint-disable-next-line no-control-regex -- finding them is the purpose
const ours = /\u001B\[3[1239]m/g;
// oxlint-disable-next-line no-control-regex -- finding them is the purpose
const raw = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202E\uD800-\uDFFF]/;

for (const words of lines) {
  for (const [kind, setting] of [
    ["terminal", { columns: 90, environment: { TERM: "xterm", LANG: "C.UTF-8" }, typed: "yes" }],
    ["pipe", {}],
  ] as const) {
    for (const [what, given, server, backup] of [
      ["answers", evilAnswers, evilServer, evilBackup],
      ["refusals", refusing, refusingServer, refusingBackup],
    ] as const) {
      for (const json of [false, true]) {
        const line = [
          ...words,
          ...(json ? ["--json"] : []),
          ...(words[1] === "purge" || (json && words[1] === "revoke") ? ["--yes"] : []),
        ];
        test(`hostile ${what} do not reach a ${kind}: ${JSON.stringify(line.join(" "))}`, async (t) => {
          const { out, err } = await speak(t, line, { ...setting, answers: given, server, backup });
          t.notRegex((out + err).replaceAll(ours, ""), raw);
          t.notRegex(out + err, /^ok/m, "a line break in a name begins no line");
        });
      }
    }
  }
}

test("hostile words on the command line come back harmless", async (t) => {
  for (const line of [
    [evil],
    ["volumes", evil],
    ["volumes", `--${evil}`],
    ["volumes", "set", "x", evil],
    ["trash", "purge", "--older-than", evil],
  ]) {
    const { err, exit } = await speak(t, line, { columns: 90, typed: "" });
    t.is(exit, 2);
    t.notRegex(err, raw);
  }
});

test("JSON gives every character back", async (t) => {
  const { out } = await speak(t, ["volumes", "--json"], { columns: 90, answers: evilAnswers });
  t.is(JSON.parse(out).volumes[0].record.name, evil);
});

test("printable text stays as it is where it can be shown", (t) => {
  t.is(printable("Grüße, 世界 🙂 – ok", false), "Grüße, 世界 🙂 – ok");
  t.is(printable("a → b – size=…", true), "a -> b - size=...");
  t.is(printable("Grüße 🙂", true), "Gr\\u00fc\\u00dfe \\ud83d\\ude42");
  t.is(printable(printable(evil, false), false), printable(evil, false));
});
