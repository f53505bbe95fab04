// The lab's commands, for people and for make: up, status, ssh, fault, mend, logs, down.
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { bringUp } from "./bring-up.ts";
import { beginFault, endFault, faults } from "./fault.ts";
import { Lab, labExists, removeLab } from "./lab.ts";
import { collectLogs } from "./logs.ts";
import type { Wanted } from "./plan.ts";
import { statusTable } from "./status.ts";

const name = process.env["LAB"] || "lab";
/** After Ctrl-C everything fails, and nobody needs to be told. */
let isLeaving = false;

const commands: Readonly<Record<string, (...words: string[]) => Promise<unknown>>> = {
  up,
  down: async () => tell((await removeLab(name)) ? `lab "${name}" is gone` : `no lab "${name}"`),
  status: async () => tell(await statusTable(await Lab.open(name))),
  ssh,
  fault: async (machine = "", fault = "") =>
    beginFault((await Lab.open(name)).machine(machine), fault),
  mend: async (machine = "", fault) => endFault((await Lab.open(name)).machine(machine), fault),
  logs,
};

const usage = `lab up [NODES] [storage]   machines on, a swarm over them, the plugin enabled; a storage machine beside them
lab status
lab ssh MACHINE [COMMAND]  MACHINE: nas, node1 or 1, …
lab fault MACHINE FAULT
lab mend MACHINE [FAULT]   undo one, or all
lab logs                   collect what every machine knows
lab down                   everything away
FAULT: ${Object.entries(faults)
  .map(([fault, { what }]) => `${fault.padEnd(16)} ${what}`)
  .join("\n       ")}
LAB=name chooses one of several labs; the usual one is "lab".
`;

const [word = "", ...words] = process.argv.slice(2);
const command = Object.hasOwn(commands, word) ? commands[word] : undefined;
if (command === undefined) {
  process.stderr.write(usage);
  process.exit(2);
}
try {
  await command(...words.filter((each) => each !== ""));
} catch (error) {
  if (!isLeaving)
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode ||= 1;
}

async function up(...given: string[]): Promise<void> {
  const wanted = wantedOf(given);
  const isNew = !labExists(name);
  let lab: Lab | undefined;
  // Somebody had enough before the lab was up: a new one leaves nothing behind, an old one stays as it is.
  const leave = async (): Promise<void> => {
    isLeaving = true;
    if (isNew) await (lab?.destroy() ?? removeLab(name));
    process.exit(130);
  };
  // Not once(): execa ends a process at a signal that nobody listens to any more.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => void leave());
  const began = Date.now();
  lab = isNew ? await Lab.create(name, wanted, tell) : await Lab.open(name);
  await brought(lab);
  tell(`lab "${name}" is up after ${Math.round((Date.now() - began) / 1000)} s`);
}

function wantedOf(given: readonly string[]): Wanted {
  const others = given.filter((each) => each !== "storage");
  const [count = "3"] = others;
  const nodes = Number(count);
  if (others.length > 1 || !Number.isInteger(nodes) || nodes < 0 || nodes > 20)
    throw new Error(`"${others.join(" ")}" nodes? A whole number up to 20 was expected.`);
  return { nodes, storage: given.includes("storage") };
}

async function brought(lab: Lab): Promise<void> {
  try {
    await bringUp(lab, tell);
  } catch (error) {
    if (!isLeaving) tell(`logs: ${await collected(lab)}`);
    throw error;
  }
}

async function ssh(machine = "", ...remote: string[]): Promise<void> {
  const { sshArguments } = (await Lab.open(name)).machine(machine);
  const child = spawn("ssh", ["-t", ...sshArguments, ...remote], { stdio: "inherit" });
  // Ctrl-C is for what runs over there.
  process.on("SIGINT", () => undefined);
  await once(child, "exit");
  process.exitCode = child.exitCode ?? 1;
}

async function logs(): Promise<void> {
  tell(await collected(await Lab.open(name)));
}

async function collected(lab: Lab): Promise<string> {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const folder = path.join(lab.folder, `logs-${time}`);
  await collectLogs(lab, folder);
  return folder;
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}
