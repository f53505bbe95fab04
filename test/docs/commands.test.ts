// Every line of a document that calls `swarmnfs` is understood by the command itself, and every setting is one.
import test from "ava";
import { execa } from "execa";
import * as z from "zod";
import { understand } from "../../cli/arguments.ts";
import { chooseTopic } from "../../cli/choose.ts";
import { commands } from "../../cli/command.ts";
import { messageOf } from "../../service/message-of.ts";
import { codeIn, fencesOf, read, root } from "./document.ts";

const { stdout } = await execa("git", ["ls-files", "*.md", "deploy/*.yml"], { cwd: root });
const documents = await Promise.all(
  stdout.split("\n").map(async (file) => ({ file, text: await read(file) })),
);

/** In front of what is typed: a prompt, a comment in a stack file, root's rights, the way into a container. */
const before =
  /^(?:# +)?(?:[a-z0-9]*\$ )?(?:sudo )?(?:docker compose .*?exec (?:-T )?\S+ |docker exec .*? )?(?:dist\/|sudo dist\/)?swarmnfs (?![0-9]|—)/;

/** What is behind belongs to the shell. */
const behind = / (?:\|\|?|&&|>>?|2>|<|#) ?.*$|; .*$|;$/;

interface Shown {
  readonly file: string;
  readonly line: string;
  /** In a sentence a command may be named without all that it takes. */
  readonly isNamed: boolean;
}

const shown: readonly Shown[] = documents.flatMap(({ file, text }) => {
  const isMarkdown = file.endsWith(".md");
  const blocks = isMarkdown
    ? fencesOf(text).map((fence) => fence.text)
    : [text.replaceAll(/^(?!#).*$/gm, "")];
  // What docs/cli.md shows as typed is run word for word by test/cli/docs.test.ts, mistakes and all.
  const typed = file === "docs/cli.md" ? [] : blocks.flatMap((block) => block.split("\n"));
  const named = isMarkdown ? codeIn(text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "")) : [];
  return [
    ...typed.filter(isCall).map((line) => ({ file, line, isNamed: false })),
    ...named.filter(isCall).map((line) => ({ file, line, isNamed: true })),
  ];
});

test("every swarmnfs command in a document is understood as it is shown", (t) => {
  const refused = shown.flatMap(({ file, line, isNamed }) => {
    const reason = refusalOf(line, isNamed);
    return reason === null ? [] : [`${file}: ${line}: ${reason}`];
  });
  t.deepEqual(refused, []);
  t.true(shown.length > 150, String(shown.length));
});

test("every setting of the plugin in a document is one that the plugin offers", async (t) => {
  const manifest = z
    .object({
      env: z.array(z.object({ name: z.string() })),
      mounts: z.array(z.object({ name: z.string() })),
    })
    .parse(JSON.parse(await read("config.json")));
  const known = new Set([
    ...manifest.env.map(({ name }) => name),
    ...manifest.mounts.map(({ name }) => `${name}.source`),
  ]);
  for (const { file, text } of documents.filter((each) => each.file.endsWith(".md")))
    for (const [line = ""] of codeOf(text).matchAll(/docker plugin set swarmnfs [^;\n#]*/g))
      for (const [, name = ""] of line.matchAll(/ ([A-Za-z_.]+)=/g))
        t.true(known.has(name), `${file}: ${line}`);
});

test("every image's archive in a document is one that make images builds", async (t) => {
  const builder = await read("rootfs-build/images.ts");
  const archives = Array.from(
    builder.matchAll(/name: "(swarmnfs\/[a-z-]+)",\n +folder: "([a-z]+)"/g),
    ([, name = "", folder = ""]) => ({ folder, archive: `${name.replace("/", "-")}.tar` }),
  );
  t.is(archives.length, 3);
  for (const { file, text } of documents)
    for (const [, folder, archive = ""] of text.matchAll(
      /(?:dist\/([a-z]+)\/|--input )([\w.-]+\.tar)/g,
    ))
      t.true(
        archives.some(
          (each) => each.archive === archive && (folder === undefined || folder === each.folder),
        ),
        `${file}: ${archive}`,
      );
});

function codeOf(text: string): string {
  return [...fencesOf(text).map((fence) => fence.text), ...codeIn(text)].join("\n");
}

function isCall(line: string): boolean {
  return before.test(line);
}

/** Why the command would refuse it, or null. */
function refusalOf(line: string, isNamed: boolean): string | null {
  const words = wordsOf(line);
  const leavesOut = words.some((word) => word.includes("…"));
  const given = words.filter((word) => !word.startsWith("…"));
  try {
    if (isNamed && leavesOut && given.length < 2) chooseTopic(given, commands);
    else understand(given, commands);
    return null;
  } catch (error) {
    const reason = messageOf(error);
    return isNamed && / needs more to go by/.test(reason) ? null : reason;
  }
}

/** What is typed after `swarmnfs`; brackets around what may be left out are no part of it. */
function wordsOf(line: string): string[] {
  const own = line
    .replace(before, "")
    .replace(behind, "")
    .replaceAll(/\[(-[^\]]*)\]/g, "$1");
  return Array.from(
    own.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g),
    ([, double, single, word]) => double ?? single ?? word ?? "",
  );
}
