import test from "ava";
import { says } from "./says.ts";
import { speak } from "./spoken.ts";
import { answers, transferred } from "./world.ts";

test("import asks for all of it at once", async (t) => {
  const words = "import /srv/blog --app blog --volume posts --live".split(" ");
  const { exit, plugin } = await speak(t, words);
  t.is(exit, 0);
  t.deepEqual(plugin.requests, [
    'Import {"source":"/srv/blog","app":"blog","volume":"posts","live":true}',
  ]);
});

test("what differs is named, and the exit code says that it is not done", says, {
  line: "import local:blog --app blog --volume posts",
  exit: 3,
  answers: {
    ...answers,
    Import: ({ volume }: { volume: string }) => [
      {
        answer: {
          volume,
          report: {
            ...transferred,
            whole: false,
            leftOut: { count: 0, first: [] },
            differences: { count: 21, first: ["db/wal: its content differs"] },
          },
        },
      },
    ],
  },
  out: `
local:blog -> volume "posts"
  FAIL db/wal: its content differs
    and 20 more
Copied 5,204 files and directories, 2.0G, and 21 differences found: the source changes. What was copied is kept, and is not seen yet. End what writes there, and do the same again: only what differs is copied.
`,
});

for (const [line, message, topic] of [
  ["import local:blog --volume posts", "whose is it? Say --app APP", "import"],
  ["import local:blog --app blog", "into which volume? Say --volume VOLUME", "import"],
  ["export blog_data", "where to? Say --to local:NAME, or --to /a/directory", "export"],
] as const) {
  test(`refused: swarmnfs ${line}`, says, {
    line,
    exit: 2,
    requests: [],
    err: `
swarmnfs: ${message}
  See: swarmnfs ${topic} --help
`,
  });
}

test("an export that leaves nothing to say", says, {
  line: "export blog_data --to /srv/blog",
  requests: ['Export {"volume":"blog_data","target":"/srv/blog","live":false}'],
  out: `
volume "blog_data" -> /srv/blog
Copied and compared, every byte: 5,204 files and directories, 2.0G, no difference.
`,
});
