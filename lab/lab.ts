import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { chooseAccelerator } from "./accelerator.ts";
import { provideDockerDisk, provideServerDisk } from "./image/docker-disk.ts";
import { run } from "./image/command.ts";
import { provideSystem } from "./image/system.ts";
import { Machine } from "./machine.ts";
import { isAbandoned, ownLab } from "./owner.ts";
import { labPlan, planEthernet, planMachines, type LabPlan, type Wanted } from "./plan.ts";
import { checkRequirements } from "./requirements.ts";

/** Where labs live: below the project, ignored by git. */
export const labsFolder = path.join(import.meta.dirname, "../.lab");

const namePattern = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** Tells a person what is going on. */
export type Tell = (line: string) => void;

/**
 * Machines with an Ethernet of their own: a NAS and swarm nodes. Everything about them lies in one folder, so that
 * several labs live side by side, and any process can take one in hand that another has made.
 */
export class Lab {
  readonly name: string;
  readonly folder: string;
  readonly machines: readonly Machine[];
  #turningOn: Promise<void> = Promise.resolve();
  #isGoing = false;

  private constructor(plan: LabPlan, folder: string) {
    this.name = plan.name;
    this.folder = folder;
    this.machines = plan.machines.map((each) => new Machine(plan, each, folder));
  }

  /** Throws if there is no lab of that name. */
  static async open(name: string): Promise<Lab> {
    const folder = folderOf(name);
    const file = path.join(folder, "lab.json");
    if (!existsSync(file)) throw new Error(`There is no lab "${name}". Make one: make lab-up`);
    return new Lab(labPlan.parse(JSON.parse(await readFile(file, "utf8"))), folder);
  }

  /**
   * Plans a lab and makes what its machines are made of; none of them is on yet. Throws with what this machine lacks, and
   * leaves nothing behind then. A lab that is `ours` dies with this process: if we cannot remove it ourselves any more,
   * whoever makes the next lab does.
   */
  static async create(name: string, wanted: Wanted, tell: Tell, ours = false): Promise<Lab> {
    const folder = folderOf(name);
    await mkdir(labsFolder, { recursive: true });
    await sweepLabs(tell);
    try {
      await mkdir(folder);
    } catch (error) {
      throw new Error(
        `Lab "${name}" is being made, or its making was killed. Then: make lab-down`,
        {
          cause: error,
        },
      );
    }
    try {
      if (ours) await ownLab(folder);
      const plan = await planLab(name, wanted, folder, tell);
      await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path.join(folder, "key")]);
      const lab = new Lab(plan, folder);
      for (const machine of lab.machines) await writeGiven(plan, machine);
      // Last: a folder with this file is a whole lab.
      await writeFile(path.join(folder, "lab.json"), JSON.stringify(plan, null, 2));
      return lab;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get nas(): Machine {
    return this.machine("nas");
  }

  /** The machine for our own NFS server; throws if the lab was made without. */
  get storage(): Machine {
    return this.machine("storage");
  }

  get hasStorage(): boolean {
    return this.machines.some(({ plan }) => plan.role === "storage");
  }

  get nodes(): readonly Machine[] {
    return this.machines.filter(({ plan }) => plan.role === "node");
  }

  /** By name, or for a node by number. */
  machine(name: string): Machine {
    const machine = this.machines.find((each) => each.name === name || each.name === `node${name}`);
    if (machine !== undefined) return machine;
    const names = this.machines.map((each) => each.name).join(", ");
    throw new Error(`There is no machine "${name}" in lab "${this.name}". Machines: ${names}`);
  }

  /** Turns on what is off, and waits until all of it is ready. A machine that does not boot is started once more. */
  async start(tell: Tell): Promise<void> {
    this.#turningOn = this.#turnOn();
    await this.#turningOn;
    const ends = await Promise.allSettled(this.machines.map((each) => this.boot(each, tell)));
    const failures = ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, failures.join("\n"));
  }

  /** Pulls every plug and removes the lab's folder: nothing of it is left, also in the middle of {@link start}. */
  async destroy(): Promise<void> {
    this.#isGoing = true;
    await this.#turningOn.catch(() => undefined);
    await Promise.all(this.machines.map((machine) => machine.powerOff()));
    await rm(this.folder, { recursive: true, force: true });
  }

  async #turnOn(): Promise<void> {
    for (const machine of this.machines) if (!this.#isGoing) await machine.start();
  }

  /** Turns one machine on if it is off, and waits until it is ready. If it does not boot it is started once more. */
  async boot(machine: Machine, tell: Tell): Promise<void> {
    const began = Date.now();
    await machine.start();
    try {
      await machine.ready();
    } catch (error) {
      if (this.#isGoing) throw error;
      tell(`${machine.name} did not boot and is started once more. ${String(error)}`);
      await machine.powerOff();
      await machine.start();
      await machine.ready();
    }
    tell(`${machine.name} is ready (${Math.round((Date.now() - began) / 1000)} s)`);
  }
}

/** Removes a lab, however far its making came. Returns whether there was anything. */
export async function removeLab(name: string): Promise<boolean> {
  const folder = folderOf(name);
  if (!existsSync(folder)) return false;
  if (existsSync(path.join(folder, "lab.json"))) await (await Lab.open(name)).destroy();
  // Before lab.json was written, no machine was on.
  else await rm(folder, { recursive: true, force: true });
  return true;
}

/** Removes the labs whose process is gone. */
async function sweepLabs(tell: Tell): Promise<void> {
  for (const name of await readdir(labsFolder)) {
    const isLab = namePattern.test(name);
    if (!isLab || !(await isAbandoned(path.join(labsFolder, name)))) continue;
    tell(`removing lab "${name}": its owner is gone`);
    await removeLab(name);
  }
}

export function labExists(name: string): boolean {
  return existsSync(path.join(folderOf(name), "lab.json"));
}

async function planLab(name: string, wanted: Wanted, folder: string, tell: Tell): Promise<LabPlan> {
  const machines = await planMachines(wanted);
  await checkRequirements(
    folder,
    machines.map(({ memory }) => memory),
  );
  const system = await provideSystem(tell);
  const accelerator = await chooseAccelerator(system);
  tell(accelerator === "kvm" ? "hardware virtualisation works" : "machines are emulated");
  const dockerDisk = await provideDockerDisk(system, tell);
  const server = wanted.storage ? { serverDisk: await provideServerDisk(system, tell) } : {};
  const ethernet = planEthernet();
  return { schema: 1, name, accelerator, ethernet, system, dockerDisk, ...server, machines };
}

function folderOf(name: string): string {
  if (!namePattern.test(name))
    throw new Error(
      `"${name}" cannot be a lab's name: small letters, digits and dashes, at most 32`,
    );
  return path.join(labsFolder, name);
}

/** What the machine is told at each boot: who it is, whom it knows, and what its resolver answers. */
async function writeGiven(plan: LabPlan, { plan: own, folder }: Machine): Promise<void> {
  await mkdir(folder, { recursive: true });
  const write = (file: string, lines: readonly string[]): Promise<void> =>
    writeFile(path.join(folder, file), `${lines.join("\n")}\n`);
  // Servers wait a minute for reverse look-ups when names are dead; a NAS knows its clients, nodes ask for the NAS.
  const known = own.role === "nas" ? plan.machines : [own];
  await write("config", [`NAME=${own.name}`, `ROLE=${own.role}`, `ADDRESS=${own.address}`]);
  await write("hosts", ["127.0.0.1 localhost", ...known.map(line)]);
  await write("names", plan.machines.map(line));
}

function line({ address, name }: LabPlan["machines"][number]): string {
  return `${address} ${name}.lan ${name}`;
}
