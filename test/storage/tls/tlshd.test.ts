import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test, { type ExecutionContext } from "ava";
import { configuration, netlinkSockets, Tlshd } from "../../../storage/tls/tlshd.ts";
import { eventually } from "../eventually.ts";

const identity = { certificate: "a certificate", key: "a key", authority: "an authority" };

async function place(t: ExecutionContext): Promise<{ folder: string; make: () => Tlshd }> {
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-tlshd-"));
  const program = join(folder, "tlshd");
  const script = `#!/bin/sh\necho "$RES_OPTIONS $@" >>${folder}/log\nwhile :; do sleep 0.1; done\n`;
  await writeFile(program, script, { mode: 0o755 });
  const made: Tlshd[] = [];
  t.teardown(async () => {
    for (const each of made) await each.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const isReady = async (): Promise<boolean> =>
    (await readFile(join(folder, "log"), "utf8").catch(() => "")) !== "";
  const make = (): Tlshd => {
    const daemon = new Tlshd({ folder: join(folder, "run"), program, isReady }, () => undefined);
    made.push(daemon);
    return daemon;
  };
  return { folder, make };
}

test("it runs with what it proves itself with, hardly waits for a DNS, and is started again", async (t) => {
  const { folder, make } = await place(t);
  const daemon = make();
  await daemon.prove(identity);
  await Promise.all([daemon.start(), daemon.start()]);
  await daemon.start();
  const log = await readFile(join(folder, "log"), "utf8");
  t.is(log, `timeout:1 attempts:1 --stderr --config ${folder}/run/tlshd.conf\n`);
  t.is(await readFile(join(folder, "run/key.pem"), "utf8"), "a key");
  t.is((await stat(join(folder, "run/key.pem"))).mode & 0o777, 0o600);
  const first = await daemon.pid();
  process.kill(first ?? 0, "SIGKILL");
  await eventually("another one runs", async () => {
    const now = await daemon.pid();
    return now !== null && now !== first;
  });
});

test("a new certificate is put in place of the old one, under it", async (t) => {
  const { folder, make } = await place(t);
  const daemon = make();
  await daemon.prove(identity);
  const { ino } = await stat(join(folder, "run/authority.pem"));
  await daemon.prove({ ...identity, certificate: "a newer one" });
  t.is(await readFile(join(folder, "run/certificate.pem"), "utf8"), "a newer one");
  t.is((await stat(join(folder, "run/authority.pem"))).ino, ino);
});

test("both ends prove themselves, and believe the authority alone", (t) => {
  const text = configuration("/run/x");
  for (const section of ["client", "server"])
    t.true(
      text.includes(
        `[authenticate.${section}]\nx509.truststore=/run/x/authority.pem\nx509.certificate=/run/x/certificate.pem\nx509.private_key=/run/x/key.pem\n`,
      ),
    );
});

test("sockets of generic netlink are known by their inodes", (t) => {
  const text = [
    "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode",
    "000000003a4fd792 0   0          00000000 0        0        0     2        0        4",
    "000000003a07299c 16  77         00000020 0        0        0     2        0        565     ",
    "",
  ].join("\n");
  t.deepEqual([...netlinkSockets(text)], ["565"]);
});
