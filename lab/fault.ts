import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Machine } from "./machine.ts";
import { ethernetCard } from "./qemu.ts";

/** Something that goes wrong with a machine, and how it is mended. */
interface Fault {
  readonly what: string;
  /** Whether a new boot undoes it. */
  readonly endsWithPower: boolean;
  begin(machine: Machine): Promise<unknown>;
  end(machine: Machine): Promise<unknown>;
}

/** The file system of which "disk-full" takes all. */
const diskOf = { nas: "/volume1", node: "/var/lib" } as const;

/** By name, as people say them: `lab fault node2 cut`. */
export const faults: Readonly<Record<string, Fault>> = {
  cut: {
    what: "its Ethernet cable is cut: packets vanish",
    endsWithPower: true,
    begin: (machine) => machine.hardware("set_link", { name: ethernetCard, up: false }),
    end: (machine) => machine.hardware("set_link", { name: ethernetCard, up: true }),
  },
  freeze: {
    what: "it stands still, and knows nothing of it afterwards",
    endsWithPower: true,
    begin: (machine) => machine.hardware("stop"),
    end: (machine) => machine.hardware("cont"),
  },
  slow: {
    what: "what it sends takes 200 ms more and passes at 2 Mbit/s, one packet in a hundred is lost",
    endsWithPower: true,
    begin: (machine) =>
      machine.must("tc qdisc replace dev eth0 root netem delay 200ms 50ms loss 1% rate 2mbit"),
    end: (machine) => machine.must("tc qdisc del dev eth0 root"),
  },
  "power-off": {
    what: "the plug is pulled",
    endsWithPower: false,
    begin: (machine) => machine.powerOff(),
    end: async (machine) => {
      await machine.start();
      await machine.ready();
    },
  },
  "dns-dead": {
    what: "its resolver takes questions and does not answer",
    endsWithPower: true,
    begin: (machine) => machine.must("kill -STOP $(cat /run/dnsmasq.pid)"),
    end: (machine) => machine.must("kill -CONT $(cat /run/dnsmasq.pid)"),
  },
  "disk-full": {
    what: "no byte is left: on the NAS where its shares are, on a node where the plugin's state is",
    endsWithPower: false,
    begin: (machine) => machine.must(fill(diskOf[machine.plan.role]), { timeout: 300_000 }),
    end: (machine) =>
      machine.must(`cd ${diskOf[machine.plan.role]} && rm -f lab-filler lab-filler-crumbs`),
  },
};

/** Lets the fault of that name happen to the machine. */
export async function beginFault(machine: Machine, name: string): Promise<void> {
  const fault = known(name);
  if ((await machine.pid()) === null)
    throw new Error(
      `${machine.name} is off: nothing more can happen to it. To turn it on: lab mend`,
    );
  // Before it begins: a beginning that fails half-way must be mended as well.
  await mkdir(marks(machine), { recursive: true });
  await writeFile(path.join(marks(machine), name), "");
  await fault.begin(machine);
  if (name === "power-off") await forget(machine, (each) => known(each).endsWithPower);
}

/** Mends one fault of the machine, or all it has. */
export async function endFault(machine: Machine, name?: string): Promise<void> {
  const present = await faultsOf(machine);
  // Without power nothing else can be mended, and a frozen machine does not listen.
  const order = ["power-off", "freeze"];
  const rank = (each: string): number =>
    (order.indexOf(each) + order.length + 1) % (order.length + 1);
  const wanted = name === undefined ? present : [name];
  for (const each of wanted.toSorted((a, b) => rank(a) - rank(b))) {
    await known(each).end(machine);
    await forget(machine, (other) => other === each);
  }
}

/** The names of what is wrong with the machine now by {@link beginFault}. */
export async function faultsOf(machine: Machine): Promise<string[]> {
  return readdir(marks(machine)).catch(() => []);
}

function known(name: string): Fault {
  const fault = Object.hasOwn(faults, name) ? faults[name] : undefined;
  if (fault !== undefined) return fault;
  throw new Error(`"${name}" is no fault. Faults: ${Object.keys(faults).join(", ")}`);
}

async function forget(machine: Machine, which: (name: string) => boolean): Promise<void> {
  for (const name of (await faultsOf(machine)).filter(which))
    await rm(path.join(marks(machine), name));
}

function marks(machine: Machine): string {
  return path.join(machine.folder, "faults");
}

/** Takes all there is in one piece, then the crumbs. */
function fill(place: string): string {
  return `free() { df --output=avail --block-size=1 ${place} | tail -n 1; }
    fallocate -l $(free) ${place}/lab-filler 2>/dev/null
    cat /dev/zero >${place}/lab-filler-crumbs 2>/dev/null
    sync; [ $(free) -lt 4096 ] || { echo "$(free) bytes are still free" >&2; exit 1; }`;
}
