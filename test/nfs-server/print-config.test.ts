import test from "ava";
import { printConfig } from "../../nfs-server/print-config.ts";

const policy = JSON.stringify({
  apps: { blog: { hosts: ["node1", "node2"], size: "10G", services: "first" } },
  static: [{ volume: "media", hosts: ["tv.lan", "10.0.0.9"], mode: "ro" }],
});
const environment = {
  SWARMNFS_ALLOWED_HOSTS: "*, 10.0.0.0/24",
  SWARMNFS_APPS: "shop",
  SWARMNFS_POLICY_FILE: "/p.json",
};

test("people get a table of what was understood, and from where", async (t) => {
  const { code, said } = await print(environment, []);
  t.is(code, 0);
  const lines = said.split("\n");
  for (const line of [
    /^SETTING +VALUE +FROM$/,
    /^SWARMNFS_INTERFACE +wt0 +default$/,
    /^SWARMNFS_ADDRESS +– +default$/,
    /^SWARMNFS_ALLOWED_HOSTS +\*,10\.0\.0\.0\/24 +environment$/,
    /^app shop +as its first volume says +environment$/,
    /^app blog +hosts=node1\|node2 services=first size=10G +policy file$/,
    /^static media +ro for tv\.lan, 10\.0\.0\.9 +policy file$/,
  ])
    t.true(
      lines.some((each) => line.test(each)),
      String(line),
    );
  t.false(/ \n/.test(said), "nothing ends in spaces");
});

test("programs get JSON", async (t) => {
  const { code, said } = await print(environment, ["--json"]);
  t.is(code, 0);
  const view = JSON.parse(said) as { settings: unknown[]; notes: unknown[] };
  t.deepEqual(view.settings[0], { name: "SWARMNFS_DATA", value: "/nfs_volumes", from: "default" });
  t.deepEqual(view.notes, ["SWARMNFS_ALLOWED_HOSTS=* lets every host that has a token join"]);
});

test("what is allowed and probably not meant is noted", async (t) => {
  const { code, said } = await print(
    {
      SWARMNFS_STRICT: "on",
      SWARMNFS_APPS: "shop",
      SWARMNFS_ALLOWED_HOSTS: "node1",
      SWARMNFS_ADMIN_NODES: "node1,boss",
    },
    [],
  );
  t.is(code, 0);
  t.deepEqual(
    said.split("\n").filter((line) => line.startsWith("!")),
    [
      '! SWARMNFS_STRICT=on, and "shared" is not declared: volumes with app=shared are refused as well',
      '! SWARMNFS_ADMIN_NODES names "boss", which SWARMNFS_ALLOWED_HOSTS does not allow',
    ],
  );
  t.regex(
    (await print({ SWARMNFS_ALLOWED_HOSTS: "0.0.0.0/0" }, [])).said,
    /^! 0\.0\.0\.0\/0 in SWARMNFS_ALLOWED_HOSTS is every address there is$/m,
  );
});

test("what the server would refuse is said, with exit code 1", async (t) => {
  t.deepEqual(await print({ SWARMNFS_DATTA: "/x" }, []), {
    code: 1,
    said: "the settings cannot be used: unknown variable SWARMNFS_DATTA: did you mean SWARMNFS_DATA?\n",
  });
  t.is((await print({ ...environment, SWARMNFS_APPS: "blog" }, [])).code, 1);
});

test("what is not understood on the command line is wrong usage", async (t) => {
  t.deepEqual(await print({}, ["--yaml"]), {
    code: 2,
    said: 'print-config knows --json, and not "--yaml"\n',
  });
});

async function print(
  variables: NodeJS.ProcessEnv,
  args: readonly string[],
): Promise<{ code: number; said: string }> {
  let said = "";
  const write = (text: string): void => {
    said += text;
  };
  const code = await printConfig(variables, args, { write, read: async () => policy });
  return { code, said };
}
