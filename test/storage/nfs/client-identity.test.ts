import test from "ava";
import { ensureIdentity, type IdentityEffects } from "../../../storage/nfs/client-identity.ts";

const without = "nodev\tsysfs\n\text4\n";
const withNfs = `${without}nodev\tnfs\nnodev\tnfs4\n`;

/** A machine; what was written is the identity it has afterwards. */
function machine(
  state: {
    loaded?: boolean;
    loadable?: boolean;
    identity?: string | null;
    shown?: string | null;
    parameter?: string;
  } = {},
): IdentityEffects & { readonly did: string[] } {
  const { loadable = true, identity = "(null)\n", shown = "(null)\n", parameter = "" } = state;
  let { loaded = true } = state;
  const did: string[] = [];
  return {
    did,
    shown: async () => shown,
    filesystems: async () => (loaded ? withNfs : without),
    loadModule: async () => {
      did.push("load");
      loaded = loadable;
    },
    withIdentifier: (work) =>
      work({
        read: async () => identity,
        write: async (written) => {
          did.push(`write ${written}`);
        },
        moduleParameter: async () => parameter,
      }),
  };
}

test("a node that has no identity gets its own", async (t) => {
  const effects = machine();
  t.deepEqual(await ensureIdentity("id-1", effects), { name: "id-1", isOurs: true });
  t.deepEqual(effects.did, ["write id-1"]);
});

test("where the module is not loaded yet it is loaded first", async (t) => {
  const effects = machine({ loaded: false });
  await ensureIdentity("id-1", effects);
  t.deepEqual(effects.did, ["load", "write id-1"]);
});

for (const [what, state, identity] of [
  [
    "an identity that is there",
    { identity: "set-by-an-administrator\n" },
    { name: "set-by-an-administrator", isOurs: false },
  ],
  ["one of ours that is there", { identity: "id-1-m2\n" }, { name: "id-1-m2", isOurs: true }],
  [
    "one given to the module",
    { parameter: "by-modprobe\n" },
    { name: "by-modprobe", isOurs: false },
  ],
  ["a kernel that knows no such file", { identity: null }, { name: null, isOurs: false }],
] as const) {
  test(`${what} is left as it is`, async (t) => {
    const effects = machine(state);
    t.deepEqual(await ensureIdentity("id-1", effects), identity);
    t.deepEqual(effects.did, []);
  });
}

test("new mounts get another name of this node's, where the name is ours", async (t) => {
  const ours = machine({ identity: "id-1\n", shown: "id-1\n" });
  t.deepEqual(await ensureIdentity("id-1", ours, "2"), { name: "id-1-2", isOurs: true });
  t.deepEqual(ours.did, ["write id-1-2"]);
  const foreign = machine({ identity: "set-by-an-administrator\n" });
  await ensureIdentity("id-1", foreign, "2");
  t.deepEqual(foreign.did, []);
});

test("a machine that shows an identity is asked no further", async (t) => {
  const effects = machine({ shown: "set\n" });
  effects.withIdentifier = () => Promise.reject(new Error("asked"));
  t.deepEqual(await ensureIdentity("id-1", effects), { name: "set", isOurs: false });
});

test("a kernel without NFS says what to do", async (t) => {
  await t.throwsAsync(ensureIdentity("id-1", machine({ loaded: false, loadable: false })), {
    code: "unavailable",
    message: /kernel has no NFS client.+modprobe nfs/,
  });
});
