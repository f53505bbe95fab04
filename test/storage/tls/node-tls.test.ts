import test from "ava";
import { UserError } from "../../../service/user-error.ts";
import { NodeTls, type NodeTlsParts } from "../../../storage/tls/node-tls.ts";
import { StorageUnavailable } from "../../../storage/unavailable.ts";

const identity = { certificate: "a certificate", key: "a key", authority: "an authority" };

function world(changes: Partial<NodeTlsParts> = {}): { tls: NodeTls; did: string[] } {
  const did: string[] = [];
  const tlshd = {
    prove: async ({ certificate }: typeof identity) => void did.push(certificate),
    start: async () => void did.push("started"),
  };
  const parts = { tlshd, release: "6.12.107+deb13-amd64", hasAnother: async () => false };
  return { tls: new NodeTls({ ...parts, ...changes }), did };
}

test("tlshd runs, with the node's certificate, before anything is mounted", async (t) => {
  const { tls, did } = world();
  await tls.ready(identity);
  t.deepEqual(did, ["a certificate", "started"]);
});

test("an old kernel is told which one is needed", async (t) => {
  for (const release of ["6.4.0", "5.15.0-91-generic"]) {
    const { tls, did } = world({ release });
    const error = await t.throwsAsync(tls.ready(identity), { instanceOf: StorageUnavailable });
    t.regex(error?.message ?? "", /6\.5 or later/);
    t.deepEqual(did, []);
  }
  await t.notThrowsAsync(world({ release: "6.5.0" }).tls.ready(identity));
  await t.notThrowsAsync(world({ release: "7.0-rc1" }).tls.ready(identity));
});

test("another tlshd on the machine would answer first, and is not ours", async (t) => {
  const { tls, did } = world({ hasAnother: async () => true });
  await t.throwsAsync(tls.ready(identity), { message: /disable --now tlshd/ });
  t.deepEqual(did, []);
});

test("a tlshd that does not start makes the storage unavailable", async (t) => {
  const { tls } = world({ tlshd: { prove: async () => undefined, start: dies } });
  await t.throwsAsync(tls.ready(identity), { instanceOf: StorageUnavailable, message: "no tlshd" });
});

async function dies(): Promise<void> {
  throw new UserError("unavailable", "no tlshd");
}
