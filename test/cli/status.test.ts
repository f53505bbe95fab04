import test from "ava";
import { colours, says, terminal } from "./says.ts";
import { speak } from "./spoken.ts";
import { status } from "./world.ts";

test("status when all is well, on a terminal", says, {
  ...colours,
  line: "status",
  requests: ["Status {}"],
  out: `
node      node2
plugin    0.0.0-development, known to Docker as "swarmnfs"
storage   dir:///srv/swarm
          \u001B[32mok, 157G free of 200G\u001B[39m
docker    \u001B[32manswers\u001B[39m
volumes   4, 1 mounted on this node
`,
});

test("status when all is well, in a pipe", says, {
  line: "status",
  out: `
node      node2
plugin    0.0.0-development, known to Docker as "swarmnfs"
storage   dir:///srv/swarm
          ok, 157G free of 200G
docker    answers
volumes   4, 1 mounted on this node
`,
});

const troubled = {
  ...status,
  version: "0.2.0",
  trouble: { reason: "storage1 (10.0.0.5:2049) does not answer", since: "2026-03-01T12:10:50Z" },
  docker: { state: "silent" as const, driver: null },
  damaged: [{ file: ".swarmnfs/volumes/x.json", reason: "it ends in the middle" }],
};

test("status in trouble fails, with since when and why", says, {
  ...terminal,
  line: "status",
  answers: { Status: () => troubled },
  exit: 1,
  out: `
node      node2
plugin    0.2.0
          this command is 0.0.0-development: use the one that came with the plugin
storage   dir:///srv/swarm
          cannot be used for 3 m 12 s: storage1 (10.0.0.5:2049) does not answer
docker    does not answer: who may mount is decided by what is remembered
volumes   4, 1 mounted on this node
damaged   1 record cannot be read and left alone:
          .swarmnfs/volumes/x.json: it ends in the middle
`,
});

test("status in trouble in a pipe", async (t) => {
  const said = await speak(t, ["status"], { answers: { Status: () => troubled } });
  t.regex(said.out, /cannot be used since 2026-03-01T12:10:50Z: storage1/);
});

for (const [state, exit, words] of [
  ["nearly-full", 0, "nearly full"],
  ["full", 1, "full"],
  ["read-only", 1, "read-only: nothing can be written"],
] as const) {
  test(`status of a storage that is ${state}`, says, {
    line: "status",
    answers: {
      Status: () => ({
        ...status,
        docker: { state: "off", driver: null },
        health: { state, total: 1024 ** 4, free: 0, notes: ["the disk is 12 years old"] },
      }),
    },
    exit,
    out: `
node      node2
plugin    0.0.0-development
storage   dir:///srv/swarm
          ${words}, 0 free of 1.0T
          the disk is 12 years old
docker    not asked (SWARMNFS_DOCKER=off)
volumes   4, 1 mounted on this node
`,
  });
}

test("status --json is the whole answer and has the same exit code", async (t) => {
  const said = await speak(t, ["status", "--json"], { answers: { Status: () => troubled } });
  t.deepEqual(JSON.parse(said.out), troubled);
  t.is(said.exit, 1);
});
