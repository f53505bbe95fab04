import { copyFile, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Lab } from "./lab.ts";
import type { Machine } from "./machine.ts";

/** What a machine is asked after a failure. Nothing here looks at a mounted file system: a dead one would hang it. */
const questions = {
  "log.txt": "tail -n 2000 /var/log/lab/*.log",
  "kernel.txt": "dmesg",
  "mounts.txt": "cat /proc/self/mountinfo",
  "processes.txt": "ps axo pid,ppid,stat,wchan:24,etime,args",
  "network.txt": "ip addr; ip route; ss -tan; nft list ruleset",
  "docker.txt":
    "docker ps --all; docker plugin ls; docker info; docker node ls; docker service ls; for each in $(docker ps --all --quiet); do docker logs --tail 500 $each; done",
};

/** Milliseconds for one question, so that a machine that hangs does not hang this too. */
const patience = 20_000;

/** Writes what every machine knows into `folder`, a directory each; what cannot be had is said in its file. */
export async function collectLogs(lab: Lab, folder: string): Promise<void> {
  await Promise.all(
    lab.machines.map((machine) => collect(machine, path.join(folder, machine.name))),
  );
}

async function collect(machine: Machine, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await copyFile(machine.consoleLog, path.join(folder, "console.txt")).catch(() => undefined);
  for (const [file, question] of Object.entries(questions)) {
    const { exitCode, stdout, stderr } = await machine.run(question, { timeout: patience });
    const end = exitCode === -1 ? `\nno answer within ${patience / 1000} s` : "";
    await writeFile(path.join(folder, file), `${stdout}\n${stderr}${end}`);
  }
}
