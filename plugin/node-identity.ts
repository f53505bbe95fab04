import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { v7 as uuid } from "uuid";
import * as z from "zod";
import { StateFile } from "../service/state-file.ts";
import type { NodeIdentity } from "../storage/storage.ts";

const nodeSchema = z.looseObject({
  schema: z.literal(1),
  id: z.uuid(),
  /** SHA-256 of what tells this machine from its clones; null where the machine has nothing of the kind. */
  machine: z.string().nullable(),
  /** The id of the storage met first, by URL: a disk that is not mounted must never pass for a new storage. */
  storages: z.record(z.string(), z.string()),
});

export type NodeDocument = z.infer<typeof nodeSchema>;

/** Where a machine's own id may be read; the second is the host's, seen from a managed plugin. */
const machineFacts = [
  "/sys/class/dmi/id/product_uuid",
  "/host/state/dbus/machine-id",
  "/etc/machine-id",
];

/** `node.json`: who this node is, for as long as its state directory lives, and which storages it has met. */
export class NodeState {
  readonly #file: StateFile<NodeDocument>;
  readonly #name: string;
  /** The state directory was copied from another machine, which this run has noticed. */
  readonly isCopy: boolean;

  private constructor(file: StateFile<NodeDocument>, name: string, isCopy: boolean) {
    this.#file = file;
    this.#name = name;
    this.isCopy = isCopy;
  }

  /** Makes an id at the first start, and a new one when the state directory was copied from another machine. */
  static async open(
    directory: string,
    name: string,
    onDamage: (setAside: string, reason: string) => void,
  ): Promise<NodeState> {
    const machine = await machineHash();
    const fresh = { schema: 1 as const, id: uuid(), machine, storages: {} };
    const file = await StateFile.open(join(directory, "node.json"), nodeSchema, fresh, onDamage);
    const before = file.data.machine;
    const isCopy = before !== null && machine !== null && before !== machine;
    if (isCopy) file.data.id = uuid();
    file.data.machine = machine ?? before;
    // Only what is new is written: a disk that is full must not keep a node from starting.
    if (file.data === fresh || file.data.machine !== before) await file.save();
    return new NodeState(file, name, isCopy);
  }

  get identity(): NodeIdentity {
    return { id: this.#file.data.id, name: this.#name };
  }

  /** The id of the storage this node met first at `url`, or null. */
  storageMet(url: string): string | null {
    return Object.hasOwn(this.#file.data.storages, url)
      ? (this.#file.data.storages[url] ?? null)
      : null;
  }

  async rememberStorage(url: string, id: string): Promise<void> {
    if (this.storageMet(url) === id) return;
    this.#file.data.storages[url] = id;
    await this.#file.save();
  }
}

async function machineHash(): Promise<string | null> {
  const facts = await Promise.all(
    machineFacts.map((path) => readFile(path, "utf8").catch(() => "")),
  );
  const known = facts.map((fact) => fact.trim()).filter(Boolean);
  return known.length === 0 ? null : createHash("sha256").update(known.join("\n")).digest("hex");
}
