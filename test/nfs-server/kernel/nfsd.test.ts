import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { NfsServer, type NfsdEffects } from "../../../nfs-server/kernel/nfsd.ts";
import { CommandFailed } from "../../../storage/mounting/bounded-command.ts";

const settings = {
  address: "10.78.0.1",
  port: 2049,
  threads: 8,
  graceS: 90,
  leaseS: 60,
  scope: "storage1",
};

/** Stands for the files and for rpc.nfsd. */
class Machine implements NfsdEffects {
  readonly folder: string;
  readonly net: string;
  readonly commands: string[] = [];
  address = "01004E0A";
  failure: string | null = null;

  private constructor(folder: string) {
    this.folder = folder;
    this.net = folder;
  }

  static async open(t: ExecutionContext, threads: number): Promise<Machine> {
    const folder = await mkdtemp(join(tmpdir(), "swarmnfs-nfsd-"));
    t.teardown(() => rm(folder, { recursive: true }));
    const machine = new Machine(folder);
    await machine.become(threads);
    return machine;
  }

  readonly run: NfsdEffects["run"] = async (command, args) => {
    this.commands.push([command, ...args].join(" "));
    if (this.failure !== null)
      throw new CommandFailed(command, { reason: this.failure, timedOut: false, missing: false });
    await this.become(Number(args.at(-1)));
  };

  async become(threads: number): Promise<void> {
    await writeFile(join(this.folder, "threads"), `${threads}\n`);
    await writeFile(join(this.folder, "v4_end_grace"), "N\n");
    const line = `  0: ${this.address}:0801 00000000:0000 0A 0\n`;
    await writeFile(join(this.folder, "tcp"), threads === 0 ? "" : line);
  }
}

test("it starts on one address, NFS 4.1 and 4.2 over TCP alone, under the server's lasting name", async (t) => {
  const machine = await Machine.open(t, 0);
  t.is(await new NfsServer(machine).start(settings), "started");
  const [command = ""] = machine.commands;
  t.is(machine.commands.length, 1);
  for (const part of [
    "rpc.nfsd --host 10.78.0.1 --port 2049",
    "--no-nfs-version 3 --no-nfs-version 4.0 --nfs-version 4.1 --nfs-version 4.2",
    "--no-udp",
    "-S storage1 -G 90 -L 60 8",
  ])
    t.true(command.includes(part), part);
});

test("what the agent before us started is taken over, and no client notices", async (t) => {
  const machine = await Machine.open(t, 8);
  const server = new NfsServer(machine);
  t.is(await server.start(settings), "adopted");
  t.deepEqual(machine.commands, []);
  t.is(await server.start({ ...settings, threads: 16 }), "adopted");
  t.is(await readFile(join(machine.folder, "threads"), "utf8"), "16\n");
});

test("what runs on another address is stopped first", async (t) => {
  const machine = await Machine.open(t, 8);
  machine.address = "02004E0A";
  await machine.become(4);
  machine.address = "01004E0A";
  t.is(await new NfsServer(machine).start(settings), "started");
  t.is(machine.commands[0], "rpc.nfsd 0");
});

test("an address that is not there is said with what to look at", async (t) => {
  const machine = await Machine.open(t, 0);
  machine.failure = "rpc.nfsd: unable to set any sockets for nfsd";
  await t.throwsAsync(new NfsServer(machine).start(settings), {
    name: "UserError",
    message: /cannot serve on 10.78.0.1:2049: rpc.nfsd: unable .* Is 10.78.0.1 an address/,
  });
});

test("a server that says it started and does not listen is not believed", async (t) => {
  const machine = await Machine.open(t, 0);
  machine.address = "02004E0A";
  await t.throwsAsync(new NfsServer(machine).start(settings), { message: /does not listen there/ });
});

test("its state is what the kernel says", async (t) => {
  const machine = await Machine.open(t, 8);
  t.deepEqual(await new NfsServer(machine).state(), {
    threads: 8,
    listeners: [{ address: "10.78.0.1", port: 2049 }],
    inGrace: true,
  });
});

test("stopping what does not run is no failure, whatever the kernel says", async (t) => {
  const machine = await Machine.open(t, 0);
  machine.failure = "exit code 1";
  await t.notThrowsAsync(new NfsServer(machine).stop());
  await machine.become(8);
  await t.throwsAsync(new NfsServer(machine).stop(), { message: /cannot be stopped: exit code 1/ });
});
