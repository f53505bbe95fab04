import { X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { pino } from "pino";
import { NfsTls } from "../../../nfs-server/network/nfs-tls.ts";
import { Authority } from "../../../nfs-server/nodes/authority.ts";
import { systemClock } from "../../../service/clock.ts";
import type { TlsIdentity } from "../../../storage/tls/tlshd.ts";

test("the kernel's server proves itself by its address, its own client as nobody's node", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-nfs-tls-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const authority = await Authority.open(folder, false, systemClock);
  const did: string[] = [];
  const proved: TlsIdentity[] = [];
  const tlshd = {
    prove: async (identity: TlsIdentity) => {
      did.push("proved");
      proved.push(identity);
    },
    start: async () => void did.push("started"),
  };
  const tls = new NfsTls({ tlshd, authority, log: pino({ level: "silent" }) });
  await tls.serve("10.0.0.5");
  await tls.serve("10.0.0.6");
  t.deepEqual(did, ["proved", "started", "proved", "started"]);

  const issuer = new X509Certificate(authority.certificate);
  for (const [number, address] of ["10.0.0.5", "10.0.0.6"].entries()) {
    const { certificate = "", authority: known } = proved[number] ?? {};
    const own = new X509Certificate(certificate);
    t.true(own.verify(issuer.publicKey));
    t.is(own.checkIP(address), address);
    t.is(known, authority.certificate);
    t.is(certificate.split("BEGIN CERTIFICATE").length, 2, "it alone, without the authority's");
  }
  const client = new X509Certificate((await tls.client()).certificate);
  t.true(client.verify(issuer.publicKey));
  t.is(client.subject, "CN=storage node");
});
