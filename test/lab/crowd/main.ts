// Bundled into one file and run on a machine of the lab: many nodes of a storage node, with all their volumes, in one process.
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { NfsRefusal } from "../../../nfs-server/self-test/raw-nfs/compound.ts";
import {
  getFileHandle,
  lookUp,
  putRootFileHandle,
} from "../../../nfs-server/self-test/raw-nfs/file-operations.ts";
import { Session } from "../../../nfs-server/self-test/raw-nfs/session.ts";
import { systemClock } from "../../../service/clock.ts";
import { repeat } from "../../../service/repeat.ts";
import { UserError } from "../../../service/user-error.ts";
import { ServerName, systemLookup } from "../../../storage/nfs/server-name.ts";
import { ControlClient } from "../../../storage/swarmnfs/control-client.ts";
import { TlsEndpoint } from "../../../storage/swarmnfs/endpoint.ts";
import { renewEveryMs } from "../../../storage/swarmnfs/protocol/lease.ts";
import { controlPort } from "../../../storage/swarmnfs/swarmnfs-url.ts";
import { calling } from "../bare-node/calling.ts";
import { excluded, type CrowdErrand, type CrowdNode, type CrowdReport } from "./errand.ts";

const timeoutMs = 120_000;
/** Longer than anything here takes. */
const absentMs = 900_000;
const root = { uid: 0, gid: 0, groups: [] };

type Work = (volume: number) => Promise<unknown>;

const errand = JSON.parse(process.argv[2] ?? "") as CrowdErrand;
const { nodes, deed, count, atOnce } = errand;
const lasted: number[] = [];
let again = 0;
const began = performance.now();
const refused = await Promise.all(
  nodes.map((node) => (deed === "look" ? looks(node) : asks(node))),
);
const seconds = (performance.now() - began) / 1000;
lasted.sort((a, b) => a - b);
const share = (part: number): number => lasted[Math.floor(lasted.length * part)] ?? 0;
const report: CrowdReport = { seconds, refused, median: share(0.5), p99: share(0.99), again };
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exit();

function volume(number: number): string {
  return `${errand.prefix}-${number}`;
}

/** By the control API, as the plugin would, but for the many at once. */
async function asks(node: CrowdNode): Promise<[number, string][]> {
  const name = new ServerName(errand.server, systemLookup, systemClock);
  const endpoint = calling(node.from, new TlsEndpoint(name, controlPort, node.identity));
  const client = new ControlClient(endpoint);
  const call = client.call.bind(client);
  const has = new Set<string>();
  const renew = async (): Promise<void> => {
    const since = new Date().toISOString();
    const signs = [...has].map((each) => ({ volume: each, since, consumers: [] }));
    const renewal = { signs, replies: [], waitMs: 0, unfenced: false };
    await call("renew", {}, renewal, { timeoutMs });
  };
  const deeds: Readonly<Record<Exclude<CrowdErrand["deed"], "look">, Work>> = {
    create: (number) => call("createVolume", {}, asked(number), { timeoutMs }),
    attach: async (number) => {
      const body = { id: null, consumers: [] };
      await call("attach", { name: volume(number) }, body, { timeoutMs });
      has.add(volume(number));
    },
    detach: (number) => call("detach", { name: volume(number) }, {}, { timeoutMs }),
  };
  const life = new AbortController();
  void repeat(renewEveryMs, renew, life.signal, () => {});
  // Each makes what it may have, if nobody before it does.
  const mine = nodes.indexOf(node);
  const isMine = (number: number): boolean =>
    deed !== "create" || mine === (excluded(number, nodes.length) === 0 ? 1 : 0);
  try {
    return await all(isMine, deeds[deed as keyof typeof deeds]);
  } finally {
    life.abort();
    if (has.size > 0) await renew();
    // Nobody renews until the next errand.
    await call("absence", {}, { forMs: absentMs }, { timeoutMs });
    client.close();
  }
}

function asked(number: number): { name: string; options: Record<string, string> } {
  const out = excluded(number, nodes.length);
  const hosts = nodes.filter((_, index) => index !== out).map((node) => node.name);
  return { name: volume(number), options: { app: volume(number), hosts: hosts.join(",") } };
}

async function looks({ from }: CrowdNode): Promise<[number, string][]> {
  const way = { server: errand.server, port: 2049, from, patience: timeoutMs };
  const session = await Session.open(way, "crowd");
  try {
    const work: Work = async (number) => {
      const steps = [putRootFileHandle, lookUp(volume(number))];
      for (;;)
        try {
          return await session.ask(root, steps, getFileHandle);
        } catch (error) {
          if (!(error instanceof NfsRefusal) || error.status !== "NFS4ERR_DELAY") throw error;
          await pause(100);
        }
    };
    return await all(() => true, work, 1);
  } finally {
    await session.close();
  }
}

/** Answers what was refused. Throws for everything else. */
async function all(
  isMine: (number: number) => boolean,
  work: Work,
  together = atOnce,
): Promise<[number, string][]> {
  const queue = Array.from({ length: count }, (_, number) => number).filter(isMine);
  const refusals: [number, string][] = [];
  const one = async (): Promise<void> => {
    for (let number = queue.shift(); number !== undefined; number = queue.shift()) {
      const begun = performance.now();
      try {
        await work(number);
        lasted.push(performance.now() - begun);
      } catch (error) {
        if (error instanceof NfsRefusal) refusals.push([number, error.status]);
        else if (error instanceof UserError && error.code === "denied")
          refusals.push([number, error.code]);
        else if (errand.isPatient && error instanceof UserError && error.code === "unavailable") {
          again += 1;
          queue.push(number);
        } else throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: together }, one));
  return refusals.toSorted(([a], [b]) => a - b);
}
