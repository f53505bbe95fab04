import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import test, { type ExecutionContext } from "ava";
import { createControlApi } from "../../../backup-sidecar/control/api.ts";
import type { Commands } from "../../../backup-sidecar/control/commands.ts";
import { createLog } from "../../../service/log.ts";
import { RootSocket } from "../../../service/root-socket.ts";
import { UserError } from "../../../service/user-error.ts";
import { backupCommands } from "../../cli/fake-backup.ts";

const log = createLog("test", { level: "silent", format: "json" });

async function listening(t: ExecutionContext, given: Partial<Commands> = {}): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-control-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = path.join(folder, "run", "backup.sock");
  const api = createControlApi({ ...backupCommands, ...given }, log);
  const socket = new RootSocket(api, file, "backup service");
  await socket.listen();
  t.teardown(() => socket.close());
  return file;
}

async function ask(socketPath: string, verb: string, body: string, method = "POST") {
  const headers = { "content-length": Buffer.byteLength(body) };
  const asked = request({ socketPath, path: `/${verb}`, method, headers });
  asked.end(body);
  const [response] = (await once(asked, "response")) as [Readable];
  const lines = (await text(response)).split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("an answer is lines: what is told meanwhile, and the result at the end", async (t) => {
  const socket = await listening(t, {
    diff: async (_, talk) => {
      talk.note("slow today");
      await talk.item({ path: "/a", kind: "+" });
      return { changes: 1 };
    },
  });
  t.deepEqual(await ask(socket, "diff", '{"before":"aaaa","after":"bbbb"}'), [
    { note: "slow today" },
    { item: { path: "/a", kind: "+" } },
    { result: { changes: 1 } },
  ]);
});

for (const [what, verb, body, message] of [
  ["an unknown verb", "frobnicate", "{}", /does not know "\/frobnicate"/],
  ["a wrong field", "run", '{"apps":"blog"}', /the request is wrong/],
  ["an unknown field", "run", '{"apps":[],"force":true}', /the request is wrong/],
  [
    "what is no id of a snapshot",
    "ls",
    '{"snapshot":"--help","path":null}',
    /the request is wrong/,
  ],
  ["a relative password file", "keyAdd", '{"app":"a","passwordFile":"x"}', /the request is wrong/],
] as const) {
  test(`refused: ${what}`, async (t) => {
    const [said] = await ask(await listening(t), verb, body);
    t.regex(JSON.stringify(said?.["failure"]).replaceAll(String.raw`\"`, '"'), message);
  });
}

test("what people can mend is said, and of our mistakes only that they were made", async (t) => {
  const socket = await listening(t, {
    status: async () => {
      throw new UserError("in-use", "node1 is in charge");
    },
    config: async () => {
      throw new TypeError("secret internals");
    },
  });
  t.deepEqual(await ask(socket, "status", "{}"), [
    { failure: { code: "in-use", message: "node1 is in charge" } },
  ]);
  const [mistake] = await ask(socket, "config", "{}");
  t.like(mistake, { failure: { code: "internal" } });
  t.false(JSON.stringify(mistake).includes("secret internals"));
});

test("a file that breaks off half way does not look whole", async (t) => {
  const socket = await listening(t, {
    dump: async () =>
      Readable.from(
        (function* () {
          yield Buffer.alloc(100_000);
          throw new Error("the server is gone");
        })(),
      ),
  });
  const body = '{"snapshot":"aaaa","path":"/a"}';
  const asked = request({
    socketPath: socket,
    path: "/dump",
    method: "POST",
    headers: { "content-length": body.length },
  });
  asked.end(body);
  const broken = (async (): Promise<void> => {
    const [response] = (await once(asked, "response")) as [Readable];
    await text(response);
  })();
  await t.throwsAsync(broken);
});

test("only root may open the socket, and two services do not share one", async (t) => {
  const socket = await listening(t);
  t.is((await stat(socket)).mode & 0o777, 0o600);
  const second = new RootSocket(() => undefined, socket, "backup service");
  await t.throwsAsync(second.listen(), { message: /another backup service runs already/ });
});
