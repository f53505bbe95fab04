import { version } from "../service/version.ts";
import { formatSize } from "../service/size.ts";
import type { UseRecord } from "../storage/records/use.ts";
import type { Finding } from "../storage/verbs.ts";
import type { Storage } from "../storage/storage.ts";
import type { CatalogCopy } from "./catalog-copy.ts";
import type { Engine } from "./engine.ts";
import type { Guard } from "./guard/guard.ts";
import { guardFindings } from "./guard/guard-findings.ts";
import type { Mounts } from "./mounts.ts";
import { nodeFindings } from "./node-findings.ts";
import type { NodeState } from "./node-identity.ts";
import type { StorageWatch } from "./storage-watch.ts";
import { serverFindings } from "./server-findings.ts";
import { messageOf } from "../service/message-of.ts";

export interface DoctorParts {
  readonly storage: Storage;
  readonly watch: StorageWatch;
  readonly catalog: CatalogCopy;
  readonly node: NodeState;
  readonly mounts: Mounts;
  readonly guard: Guard;
  /** Null: switched off. */
  readonly engine: Engine | null;
  /** The version of NFS by which this node reads the storage, `4.2`; null where it is on none. */
  readonly nfsVersion: () => Promise<string | null>;
}

/** Looks at everything this node needs, and says of each what was found and what to do. Changes nothing. */
export async function examine(parts: DoctorParts): Promise<Finding[]> {
  return [
    await pluginFinding(parts),
    ...(await storageFindings(parts)),
    ...catalogFindings(parts),
    ...nodeFindings(parts.node.identity, usesOf(parts.catalog)),
    ...(await guardFindings(parts.guard)),
    mountFinding(parts),
  ];
}

async function pluginFinding({ engine }: DoctorParts): Promise<Finding> {
  if (engine === null) {
    return {
      level: "warning",
      title: `plugin ${version}, without Docker's socket`,
      advice:
        "Only volumes for everyone (services=*) can be mounted. Set SWARMNFS_DOCKER to allow the others.",
    };
  }
  try {
    const { driver, swarmNode } = await engine.identify(2_000);
    const where = swarmNode === null ? "this engine is in no swarm" : "swarm node";
    return { level: "ok", title: `plugin ${version}, known to Docker as "${driver}"; ${where}` };
  } catch (error) {
    return {
      level: "problem",
      title: `plugin ${version} cannot ask Docker`,
      advice: `${messageOf(error)}. Who mounts a volume cannot be told: those for everyone are given out, others only by remembered grants while Docker starts. Look at: docker info; docker plugin inspect swarmnfs`,
    };
  }
}

async function storageFindings(parts: DoctorParts): Promise<Finding[]> {
  const { storage, watch } = parts;
  await watch.look();
  const { trouble, health } = watch;
  if (trouble !== null) {
    return [
      {
        level: "problem",
        title: `${storage.url} cannot be used, since ${trouble.since}`,
        advice: trouble.reason,
      },
    ];
  }
  const view = { rows: () => parts.mounts.rows(), nfsVersion: parts.nfsVersion, now: Date.now };
  const answers: Finding[] = [
    { level: "ok", title: `${storage.url} answers (storage ${watch.id ?? ""})` },
    ...(storage.server === undefined ? [] : await serverFindings(storage.server, health, view)),
  ];
  if (health === null) return answers;
  const space = `${formatSize(health.free)} of ${formatSize(health.total)} free`;
  if (health.state === "ok") return [...answers, { level: "ok", title: space }];
  const level = health.state === "nearly-full" ? "warning" : "problem";
  return [
    ...answers,
    {
      level,
      title: `${health.state}: ${space}`,
      advice: health.notes.join(". ") || "Make room on the storage.",
    },
  ];
}

function catalogFindings({ catalog }: DoctorParts): Finding[] {
  const count = catalog.volumes().length;
  if (catalog.damaged.length === 0)
    return [{ level: "ok", title: `catalog: ${count} volumes, every record readable` }];
  return catalog.damaged.map(({ file, reason }) => ({
    level: "problem" as const,
    title: `${file} cannot be read`,
    advice: `${reason}. It is left alone. Restore the file from a backup; the volume's data is not touched.`,
  }));
}

function usesOf(catalog: CatalogCopy): UseRecord[] {
  return catalog.volumes().flatMap(({ name }) => catalog.uses(name));
}

/** A volume without a holder is unmounted shortly; one that stays is in nobody's way, but worth a word. */
function mountFinding({ mounts }: DoctorParts): Finding {
  const mounted = mounts.rows().filter(({ volume }) => mounts.isMounted(volume));
  const idle = mounted.filter(({ holders, consumers }) => holders.length + consumers.length === 0);
  if (idle.length === 0)
    return { level: "ok", title: `${mounted.length} volumes are mounted here` };
  return {
    level: "warning",
    title: `${idle.map(({ volume }) => volume).join(", ")}: mounted, though nobody seems to use it`,
    advice:
      "It is unmounted within a minute, once Docker says that no container has it. To do it now: swarmnfs doctor --fix",
  };
}
