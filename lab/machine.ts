import { spawn } from "node:child_process";
import { open, readFile, readlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Outcome } from "../engine-box/outcome.ts";
import { tellQemu } from "./control-socket.ts";
import { provideDisks } from "./disks.ts";
import type { LabPlan, MachinePlan } from "./plan.ts";
import { qemuArguments } from "./qemu.ts";
import { overSsh, sshArguments, type Patience } from "./ssh.ts";

/** Milliseconds that a boot may take: a dozen seconds on an idle machine, five minutes where four boot on two busy cores. */
const bootPatience = 600_000;

// An engine that starts has its socket long before it answers: to wait there costs nothing, to ask again does.
const engineAnswers = `test -e /run/lab/started && test -S /run/docker.sock && docker version >/dev/null 2>&1`;

/** What must be true before a machine is called ready. */
const readiness: Readonly<Record<MachinePlan["role"], string>> = {
  nas: `test -e /run/lab/started && ! grep -qx 0 /proc/fs/nfsd/threads`,
  node: engineAnswers,
  storage: engineAnswers,
};

/** A virtual machine of a lab, with its folder: disks, console, control socket. It lives on when this process ends. */
export class Machine {
  readonly plan: MachinePlan;
  readonly folder: string;
  readonly #lab: LabPlan;

  constructor(lab: LabPlan, plan: MachinePlan, labFolder: string) {
    this.plan = plan;
    this.folder = path.join(labFolder, plan.name);
    this.#lab = lab;
  }

  get name(): string {
    return this.plan.name;
  }

  get consoleLog(): string {
    return path.join(this.folder, "console.log");
  }

  /** What `ssh` takes to reach this machine. */
  get sshArguments(): string[] {
    return sshArguments(path.join(this.folder, "../key"), this.plan.sshPort);
  }

  /** The process of the running machine, or null. */
  async pid(): Promise<number | null> {
    try {
      const pid = Number(await readFile(path.join(this.folder, "pid"), "utf8"));
      // A number alone may be anybody's by now.
      const place = await readlink(`/proc/${pid}/cwd`);
      return place === this.folder ? pid : null;
    } catch {
      return null;
    }
  }

  /** Turns the machine on, with the disks as they are. It is ready only when {@link ready} says so. */
  async start(): Promise<void> {
    if ((await this.pid()) !== null) return;
    await provideDisks(this.#lab, this.plan, this.folder);
    const log = await open(path.join(this.folder, "qemu.log"), "a");
    try {
      const child = spawn(
        "nice",
        ["-n", "10", "qemu-system-x86_64", ...qemuArguments(this.#lab, this.plan)],
        {
          cwd: this.folder,
          // Ctrl-C is for whoever controls the lab.
          detached: true,
          stdio: ["ignore", log.fd, log.fd],
        },
      );
      child.unref();
      await writeFile(path.join(this.folder, "pid"), `${child.pid ?? ""}`);
    } finally {
      await log.close();
    }
  }

  /**
   * Waits until the machine does its work: the NAS serves, a node's engine answers. Throws with the end of the console
   * when the machine has ended or ten minutes are over.
   */
  async ready(): Promise<void> {
    const until = Date.now() + bootPatience;
    while (!(await this.isReady())) {
      if ((await this.pid()) === null || Date.now() > until) throw await this.#notReady();
      await pause(1000);
    }
  }

  async isReady(timeout = 60_000): Promise<boolean> {
    return (await this.run(readiness[this.plan.role], { timeout })).exitCode === 0;
  }

  /** Runs a shell script on the machine, as root; returns how it ended. */
  run(script: string, options: Patience = {}): Promise<Outcome> {
    return overSsh(this.folder, this.sshArguments, script, options);
  }

  /** Runs a shell script on the machine and returns what it printed, trimmed; throws with its complaint if it fails. */
  async must(script: string, options: Patience = {}): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(script, options);
    if (exitCode === 0) return stdout.trim();
    const [first = ""] = script.split("\n");
    const complaint = stderr.trim() || stdout.trim() || `exit code ${exitCode}`;
    throw new Error(`${this.name}: ${first}: ${complaint}`);
  }

  /** Gives a command to the machine's QEMU, as `stop` or `set_link`. */
  async hardware(command: string, values?: Readonly<Record<string, unknown>>): Promise<unknown> {
    const pid = await this.pid();
    if (pid === null) throw new Error(`${this.name} is off`);
    // A socket's path has at most 107 bytes; this one is short wherever the lab lies.
    return tellQemu(`/proc/${pid}/cwd/control.sock`, command, values);
  }

  /** Stops everything in order and turns the machine off; pulls the plug after a minute. */
  async shutDown(): Promise<void> {
    await this.run("lab-off", { timeout: 60_000 });
    await this.#gone(10_000);
    await this.powerOff();
  }

  /** Pulls the plug: what was not on the disk is lost. */
  async powerOff(): Promise<void> {
    const pid = await this.pid();
    if (pid === null) return;
    process.kill(pid, "SIGKILL");
    await this.#gone(30_000);
  }

  async #gone(patience: number): Promise<void> {
    const until = Date.now() + patience;
    while ((await this.pid()) !== null && Date.now() < until) await pause(50);
  }

  async #notReady(): Promise<Error> {
    const console = await readFile(this.consoleLog, "utf8").catch(() => "");
    const qemu = await readFile(path.join(this.folder, "qemu.log"), "utf8").catch(() => "");
    const end = (console + qemu).split("\n").slice(-12).join("\n");
    const state = (await this.pid()) === null ? "has ended" : "does not become ready";
    return new Error(`${this.name} ${state}. Its last words (${this.consoleLog}):\n${end}`);
  }
}
