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

test("people get tables of what was understood, and from where", async (t) => {
  const { code, said } = await print(environment, []);
  t.is(code, 0);
  const lines = said.split("\n");
  t.regex(lines[0] ?? "", /^VARIABLE +VALUE +FROM$/);
  t.true(lines.some((line) => /^SWARMNFS_INTERFACE +wt0 +default$/.test(line)));
  t.true(lines.some((line) => /^SWARMNFS_ADDRESS +– +default$/.test(line)));
  t.true(lines.some((line) => /^SWARMNFS_ALLOWED_HOSTS +\*,10\.0\.0\.0\/24 +set$/.test(line)));
  t.true(lines.some((line) => /^blog +node1, node2 +first +10G$/.test(line)));
  t.true(lines.some((line) => /^shop +as its first volume +as its first volume +–$/.test(line)));
  t.true(lines.some((line) => /^media +tv\.lan, 10\.0\.0\.9 +ro$/.test(line)));
  t.false(/ \n/.test(said), "nothing ends in spaces");
});

test("programs get JSON", async (t) => {
  const { code, said } = await print(environment, ["--json"]);
  t.is(code, 0);
  t.like(JSON.parse(said), {
    data: "/nfs_volumes",
    interface: "wt0",
    allowedHosts: ["*", "10.0.0.0/24"],
    apps: [
      { app: "shop", hosts: null, services: null, size: null },
      { app: "blog", hosts: ["node1", "node2"], services: "first", size: 10_737_418_240 },
    ],
    static: [{ volume: "media", hosts: ["tv.lan", "10.0.0.9"], mode: "ro" }],
  });
});

test("what the server would refuse is said, with exit code 1", async (t) => {
  t.deepEqual(await print({ SWARMNFS_DATTA: "/x" }, []), {
    code: 1,
    said: "the settings cannot be used: unknown variable SWARMNFS_DATTA: did you mean SWARMNFS_DATA?\n",
  });
  t.deepEqual((await print({ ...environment, SWARMNFS_APPS: "blog" }, [])).code, 1);
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
