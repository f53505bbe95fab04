import { randomInt } from "node:crypto";
import * as z from "zod";
import { freePort } from "./free-port.ts";

const machinePlan = z.object({
  name: z.string(),
  role: z.enum(["nas", "node", "storage"]),
  /** On the lab's Ethernet. */
  address: z.string(),
  mac: z.string(),
  /** On 127.0.0.1 of the machine underneath. */
  sshPort: z.int(),
  /** MiB. */
  memory: z.int(),
});

export const labPlan = z.object({
  schema: z.literal(1),
  name: z.string(),
  accelerator: z.enum(["kvm", "tcg"]),
  /** The multicast group that is the lab's Ethernet cable. */
  ethernet: z.string(),
  system: z.object({
    tree: z.string(),
    disk: z.string(),
    kernel: z.string(),
    initrd: z.string(),
  }),
  /** What nodes have in /var/lib/docker. */
  dockerDisk: z.string(),
  /** The same for the storage machine, if there is one. */
  serverDisk: z.string().optional(),
  machines: z.array(machinePlan),
});

/** One machine of a lab: everything that stays the same over its power cuts. */
export type MachinePlan = z.infer<typeof machinePlan>;

/** What a lab is made of; `lab.json` in its folder. */
export type LabPlan = z.infer<typeof labPlan>;

/** Memory that machines get, in MiB. */
const memoryOf = { nas: 512, node: 1024, storage: 1024 } as const;

/** Which machines somebody wants, besides the NAS. */
export interface Wanted {
  /** How many nodes of a swarm. */
  readonly nodes: number;
  /** Whether there is a machine for our own NFS server. */
  readonly storage?: boolean;
}

/** A NAS and what is wanted. Ports are free now, and by their number hardly ever taken by another lab. */
export async function planMachines({ nodes, storage = false }: Wanted): Promise<MachinePlan[]> {
  const machines = [await planMachine("nas", "nas", 10)];
  if (storage) machines.push(await planMachine("storage", "storage", 9));
  for (let n = 1; n <= nodes; n += 1) machines.push(await planMachine(`node${n}`, "node", 10 + n));
  return machines;
}

/** A group and port of its own: Ethernets of labs side by side must not meet, and nothing reserves a group. */
export function planEthernet(): string {
  return `239.${byte()}.${byte()}.${byte()}:${randomInt(20_000, 30_000)}`;
}

function byte(): number {
  return randomInt(1, 255);
}

async function planMachine(
  name: string,
  role: MachinePlan["role"],
  host: number,
): Promise<MachinePlan> {
  return {
    name,
    role,
    address: `10.77.0.${host}`,
    mac: `52:54:00:77:00:${host.toString(16).padStart(2, "0")}`,
    sshPort: await freePort(),
    memory: memoryOf[role],
  };
}
