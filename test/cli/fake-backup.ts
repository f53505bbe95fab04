import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { ExecutionContext } from "ava";
import { createControlApi } from "../../backup-sidecar/control/api.ts";
import type { Commands } from "../../backup-sidecar/control/commands.ts";
import { createLog } from "../../service/log.ts";
import { UserError } from "../../service/user-error.ts";
import type { AppBackupView, RunView, SnapshotView } from "../../storage/backup/verbs.ts";

const G = 1024 ** 3;
const M = 1024 ** 2;
const id = (start: string): string => start.padEnd(64, "0");

/** Serves the commands on a socket as the backup service does, until the test is over; its path. */
export async function startFakeBackup(
  t: ExecutionContext,
  directory: string,
  commands: Commands,
): Promise<string> {
  const log = createLog("test", { level: "silent", format: "json" });
  const server = createServer(createControlApi(commands, log));
  const socket = join(directory, "backup.sock");
  server.listen(socket);
  await once(server, "listening");
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return socket;
}

function app(name: string, given: Partial<AppBackupView> = {}): AppBackupView {
  return {
    app: name,
    volumes: [`${name}_data`],
    state: "ok",
    reason: null,
    lastGood: "2026-03-01T09:14:02Z",
    lastRun: null,
    snapshots: 212,
    stored: 1.1 * G,
    verified: { share: 1, days: 30 },
    verification: { at: "2026-03-01T02:00:10Z", ok: true },
    drill: { at: "2026-02-24T12:14:02Z", ok: true },
    next: "2026-03-01T14:14:02Z",
    ...given,
  };
}

/** Two thirds done. */
export const workProgress = {
  app: "blog",
  volume: "blog_data",
  doing: "saving",
  files: 5204,
  totalFiles: 10_000,
  bytes: 1.2 * G,
  totalBytes: 1.9 * G,
  secondsLeft: 8,
  waiting: null,
};

export function runOf(name: string, given: Partial<RunView> = {}): RunView {
  return {
    app: name,
    outcome: "ok",
    notes: [],
    startedAt: "2026-03-01T12:13:02Z",
    endedAt: "2026-03-01T12:13:40Z",
    volumes: [
      {
        volume: `${name}_data`,
        outcome: "complete",
        reason: null,
        snapshot: id("3f2a9c1e"),
        files: 5204,
        bytes: 1.9 * G,
        bytesAdded: 12 * M,
        unreadCount: 0,
      },
    ],
    ...given,
  };
}

function snapshot(start: string, time: string, marks: readonly string[] = []): SnapshotView {
  return {
    id: id(start),
    app: "blog",
    volume: "blog_data",
    time,
    files: 5204,
    bytes: 1.9 * G,
    added: 12 * M,
    marks,
  };
}

/** A backup service with three apps, one of which looks destroyed. */
export const backupCommands: Commands = {
  run: async ({ apps }) => ({
    reports: (apps.length === 0 ? ["blog", "shop"] : apps).map((name) => runOf(name)),
  }),
  status: async () => ({
    version: "0.1.0",
    node: "node2",
    storageName: "storage1",
    server: "https://nas.example.org/backups",
    trouble: null,
    apps: [
      app("blog"),
      app("shop", { stored: 38 * G }),
      app("wiki", {
        state: "suspect",
        reason:
          "wiki_data: 97 % of its files are gone. Nothing will be removed from its history until you run: swarmnfs backup confirm wiki",
        lastGood: "2026-02-27T12:00:00Z",
        snapshots: 180,
        stored: 120 * M,
        verified: null,
        drill: null,
        next: null,
      }),
    ],
  }),
  snapshots: async () => ({
    snapshots: [
      snapshot("77b01d42", "2026-02-20T12:00:00Z"),
      snapshot("3f2a9c1e", "2026-03-01T09:14:02Z", ["partial"]),
    ],
  }),
  ls: async ({ path }, talk) => {
    const facts = { mode: 0o644, uid: 1000, gid: 1000, mtime: "2026-02-28T10:00:00.5Z" };
    const folder = { ...facts, type: "dir", mode: 0o755, size: 0 };
    if (path === null) await talk.item({ ...folder, path: "/uploads" });
    await talk.item({ ...facts, type: "file", path: "/uploads/cat.jpg", size: 2.1 * M });
    return { entries: path === null ? 2 : 1 };
  },
  diff: async (_, talk) => {
    await talk.item({ path: "/uploads/cat.jpg", kind: "+" });
    await talk.item({ path: "/index.html", kind: "M" });
    return { changes: 2 };
  },
  dump: async ({ path }) => {
    if (path !== "/notes.txt")
      throw new UserError("not-found", `the snapshot has no file "${path}"`);
    return Readable.from([Buffer.from("remember "), Buffer.from("the milk\n")]);
  },
  restore: async ({ source, to, inPlace }) => ({
    volume: to ?? (inPlace ? source : `${source}_restored`),
    app: "blog",
    snapshot: id("77b01d42"),
    at: "2026-02-20T12:00:00Z",
    files: 5204,
    bytes: 1.9 * G,
    differences: [],
    displaced: inPlace ? `${source}@20260301T121402Z-c0ffee` : null,
    restart: inPlace ? ["service blog_web on node1"] : [],
  }),
  verify: async ({ apps }) => ({
    reports: (apps.length === 0 ? ["blog", "shop"] : apps).map((name) => ({
      app: name,
      ok: true,
      healed: name === "shop",
      errors: [],
    })),
  }),
  drill: async () => ({
    reports: [{ app: "blog", ok: true, files: 20, bytes: 3.4 * M, problems: [] }],
  }),
  confirm: async ({ app: name }) => ({ confirmed: [`${name}_data`] }),
  forget: async () => ({
    reports: [
      {
        app: "blog",
        forgotten: [{ id: id("0c11d2aa"), volume: "blog_data", time: "2025-08-30T06:00:00Z" }],
        withheld: [],
      },
    ],
  }),
  prune: async () => ({
    reports: [{ app: "blog", files: 12, bytes: 190 * M, withheld: null, errors: [] }],
  }),
  keyList: async () => ({
    keys: [
      {
        id: id("a1b2c3d4"),
        host: "node2",
        user: "root",
        created: "2026-02-11T08:00:00Z",
        current: true,
      },
    ],
  }),
  keyAdd: async () => ({ key: id("e5f60718") }),
  keyRemove: async () => ({}),
  config: async () => ({
    settings: [
      { name: "WEBDAV_URL", value: "from /run/secrets/webdav_url", from: "environment" },
      { name: "SCHEDULE", value: "0 */6 * * *", from: "default" },
      { name: "KEEP", value: "180d", from: "default" },
    ],
    notes: ["nobody is told of problems: none of NOTIFY_… is set"],
  }),
  checkTarget: async () => ({
    server: "https://nas.example.org/backups",
    findings: [
      { level: "ok", title: "it answers as Apache, over TLS that is trusted" },
      { level: "ok", title: "files can be written, moved and read in parts" },
      {
        level: "warning",
        title: "it does not tell how much room is left",
        advice: "A full server is noticed only when it is full.",
      },
    ],
  }),
};
