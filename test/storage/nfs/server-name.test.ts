import test from "ava";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AddressFile } from "../../../storage/nfs/address-file.ts";
import { ServerName } from "../../../storage/nfs/server-name.ts";
import { eventually } from "../eventually.ts";
import { temporaryDirectory } from "../places.ts";

const clock = { now: () => Date.parse("2026-03-01T14:02:11Z") };
const never = new Promise<readonly string[]>(() => {});

function failing(code: string): Error {
  return Object.assign(new Error(`getaddrinfo ${code} nas.lan`), { code });
}

function dead(): Promise<never> {
  return Promise.reject(failing("EAI_AGAIN"));
}

test("an address needs no look-up", async (t) => {
  for (const address of ["10.0.0.5", "fd00::1"]) {
    const name = new ServerName(address, () => Promise.reject(new Error("asked")), clock);
    t.deepEqual(await name.addresses(), [address]);
  }
});

test("a name nobody knows is told apart from a DNS that does not answer", async (t) => {
  const unknown = new ServerName("nsa.lan", () => Promise.reject(failing("ENOTFOUND")), clock);
  await t.throwsAsync(unknown.addresses(), {
    code: "unavailable",
    message: /^nobody knows a machine called nsa\.lan\. Check the storage's URL/,
  });
  for (const lookup of [() => Promise.reject(failing("EAI_AGAIN")), () => never]) {
    await t.throwsAsync(new ServerName("nas.lan", lookup, clock, null, 10).addresses(), {
      code: "unavailable",
      message: /^the name nas\.lan cannot be resolved: the DNS does not answer/,
    });
  }
});

test("with a dead DNS the last known address is used on, and noted until the DNS is back", async (t) => {
  let answer: readonly string[] | Error = ["10.0.0.5"];
  const lookup = async (): Promise<readonly string[]> => {
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const name = new ServerName("nas.lan", lookup, clock, null, 10);
  t.deepEqual(await name.addresses(), ["10.0.0.5"]);
  t.is(name.note, null);
  answer = failing("EAI_AGAIN");
  t.deepEqual(await name.addresses(), ["10.0.0.5"]);
  t.regex(
    name.note ?? "",
    /nas\.lan cannot be resolved since .*14:02:11Z.*; its last known address 10\.0\.0\.5 is used/,
  );
  answer = ["10.0.0.6"];
  t.deepEqual(await name.addresses(), ["10.0.0.6"]);
  t.is(name.note, null);
});

test("while a look-up hangs there is no second one, and its answer is used when it comes", async (t) => {
  const answer = Promise.withResolvers<readonly string[]>();
  let asked = 0;
  const name = new ServerName(
    "nas.lan",
    () => {
      asked += 1;
      return answer.promise;
    },
    clock,
    null,
    10,
  );
  const callers = Array.from({ length: 20 }, () => name.addresses());
  for (const result of await Promise.allSettled(callers)) t.is(result.status, "rejected");
  await t.throwsAsync(name.addresses(), { code: "unavailable" });
  t.is(asked, 1);
  answer.resolve(["10.0.0.5"]);
  t.deepEqual(await name.addresses(), ["10.0.0.5"]);
  t.is(asked, 1);
});

test("a DNS that does not answer is waited for once, and then the last known address is there at once", async (t) => {
  const late = Promise.withResolvers<readonly string[]>();
  const lookups = [async () => ["10.0.0.5"], () => late.promise];
  const lookUp = (): Promise<readonly string[]> => lookups.shift()?.() ?? never;
  const name = new ServerName("nas.lan", lookUp, clock, null, 2000);
  await name.addresses();
  await name.addresses();
  const began = performance.now();
  for (let time = 0; time < 5; time += 1) t.deepEqual(await name.addresses(), ["10.0.0.5"]);
  t.true(performance.now() - began < 4000);
  // What comes too late for those who asked is used by the next one.
  late.resolve(["10.0.0.6"]);
  await eventually("it is known", () => name.note === null);
  t.deepEqual(await name.addresses(), ["10.0.0.6"]);
});

test("addresses outlive the process, for a DNS that comes up later", async (t) => {
  const path = join(await temporaryDirectory(t), "addresses.json");
  const memory = new AddressFile(path);
  const before = new ServerName("nas.lan", async () => ["10.0.0.5", "fd00::1"], clock, memory);
  await before.addresses();
  await eventually("they are written", async () => (await memory.recall("nas.lan")).length === 2);
  const after = new ServerName("nas.lan", dead, clock, new AddressFile(path));
  t.deepEqual(await after.addresses(), ["10.0.0.5", "fd00::1"]);
  t.regex(after.note ?? "", /last known address 10\.0\.0\.5, fd00::1 is used/);
  const other = new ServerName("other.lan", dead, clock, new AddressFile(path));
  await t.throwsAsync(other.addresses(), { message: /other\.lan cannot be resolved/ });
});

test("where a server was before is remembered, without where it is", async (t) => {
  const memory = new AddressFile(join(await temporaryDirectory(t), "addresses.json"));
  for (const address of ["10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.6"])
    await memory.remember("nas.lan", [address]);
  t.deepEqual(await memory.recall("nas.lan"), ["10.0.0.6"]);
  t.deepEqual(await memory.former("nas.lan"), ["10.0.0.7", "10.0.0.5"]);
  const name = new ServerName("nas.lan", dead, clock, memory);
  t.deepEqual(await name.remembered(), ["10.0.0.6", "10.0.0.7", "10.0.0.5"]);
  t.deepEqual(await memory.former("other.lan"), []);
});

test("a damaged file of addresses is as good as none, and one that cannot be written does no harm", async (t) => {
  const folder = await temporaryDirectory(t);
  await writeFile(join(folder, "a.json"), `{"schema":1,"addresses":{"nas.lan":["-o,ro"]}}`);
  t.deepEqual(await new AddressFile(join(folder, "a.json")).recall("nas.lan"), []);
  await t.notThrowsAsync(new AddressFile(join(folder, "no/a.json")).remember("x", ["10.0.0.5"]));
});
