import test from "ava";
import type { BenchProgress } from "../../storage/bench-report.ts";
import { benchReport } from "./bench-report.ts";
import { ascii, says, terminal } from "./says.ts";
import { speak } from "./spoken.ts";
import { answers } from "./world.ts";

const step: BenchProgress = {
  doing: "round 2 of 5: the volume",
  done: 5,
  total: 20,
  secondsLeft: 95,
};

test("what is asked is what was typed", async (t) => {
  const { plugin, exit } = await speak(t, ["bench", "db", "--quick", "--profile", "web"]);
  t.is(exit, 0);
  t.deepEqual(plugin.requests, ['Bench {"volume":"db","quick":true,"profile":"web"}']);
});

test("--json is the whole report", async (t) => {
  const { out, err } = await speak(t, ["bench", "db", "--json"], {
    answers: { ...answers, Bench: () => [{ progress: step }, { answer: benchReport }] },
  });
  t.deepEqual(JSON.parse(out), benchReport);
  t.is(err, "");
});

test("how far it is stands on one line of a terminal, and is taken away in the end", async (t) => {
  const { err } = await speak(t, ["bench", "db"], {
    ...terminal,
    answers: { ...answers, Bench: () => [{ progress: step }, { answer: benchReport }] },
  });
  t.is(
    err,
    "\r\u001B[K  █████░░░░░░░░░░░░░░░   25 %   1 m 35 s left   round 2 of 5: the volume (Ctrl-C is safe)\r\u001B[K",
  );
});

test("in a pipe it is a line now and then", async (t) => {
  const { err } = await speak(t, ["bench", "db"], {
    answers: {
      ...answers,
      Bench: () => [{ progress: step }, { progress: step }, { answer: benchReport }],
    },
  });
  t.is(err, "round 2 of 5: the volume, 5 of 20, 1 m 35 s left\n");
});

const none = { option: "noatime", changes: [], costs: "little", command: "swarmnfs …" } as const;

test("an option without a gain is told in a line, a loss with its numbers, and neither is recommended", async (t) => {
  const slower = {
    ...none,
    verdict: "slower",
    changes: [
      {
        figure: "database-commit",
        what: "commits (fdatasync)",
        unit: "1/s",
        before: 212,
        after: 106,
        ratio: 0.5,
      },
    ],
  } as const;
  const report = {
    ...benchReport,
    trials: [{ ...none, verdict: "no difference" }, slower],
    direct: false,
    remains: ['"swarmnfs-bench-1" is in the trash until tomorrow'],
  } as const;
  const { out, err, exit } = await speak(t, ["bench", "db"], {
    ...terminal,
    answers: { ...answers, Bench: () => [{ answer: report }] },
  });
  t.is(exit, 0);
  t.true(out.includes("Tried noatime: no difference beyond the noise.\n"));
  t.true(out.includes("Tried noatime: slower\n  commits (fdatasync): 212/s → 106/s (-50 %)\n"));
  t.false(out.includes("To have it"));
  t.regex(out, /no O_DIRECT/);
  t.is(err, '"swarmnfs-bench-1" is in the trash until tomorrow\n');
});

test("a profile that there is not", says, {
  line: "bench db --profile databse",
  exit: 2,
  err: `
swarmnfs: there is no profile "databse": did you mean database? Profiles: database, web, streaming, files.
  See: swarmnfs bench --help
`,
});

test("what the plugin says against it is the answer", says, {
  line: "bench db",
  ...ascii,
  answers: {
    Bench: () => [{ progress: step }, { failure: { code: "in-use", message: "it is measured" } }],
  },
  exit: 1,
  err: `
\r\u001B[K  #####...............   25 %   1 m 35 s left   round 2 of 5: the volume (Ctrl-C is safe)\r\u001B[Kswarmnfs: it is measured
`,
});

test("a plugin that breaks off, and one that is older", async (t) => {
  const broken = await speak(t, ["bench", "db"], { answers: { Bench: () => [] } });
  t.is(broken.exit, 1);
  t.regex(broken.err, /the plugin broke off: it said nothing more/);
  const older = await speak(t, ["bench", "db"], { answers: {} });
  t.regex(older.err, /does not know Bench: it is older than this command/);
});
