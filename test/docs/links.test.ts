import { existsSync } from "node:fs";
import path from "node:path";
import test from "ava";
import { execa } from "execa";
import * as z from "zod";
import { codeIn, fencesOf, read, root, type Fence } from "./document.ts";

const { stdout } = await execa("git", ["ls-files", "*.md"], { cwd: root });
const documents = await Promise.all(
  stdout.split("\n").map(async (file) => ({ file, text: await read(file) })),
);

test("every link in a document leads to a file, and to a heading in it", async (t) => {
  for (const { file, text } of documents) {
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [place = "", heading] = target.split("#");
      const found = place === "" ? file : path.join(path.dirname(file), place);
      t.true(existsSync(path.join(root, found)), `${file}: ${target}`);
      if (heading !== undefined)
        t.true(anchorsOf(await read(found)).includes(heading), `${file}: ${target}`);
    }
  }
});

test("every make target in a document is one", async (t) => {
  const targets = new Set(
    Array.from((await read("Makefile")).matchAll(/^([a-z-]+):/gm), ([, name]) => name),
  );
  for (const { file, text } of documents) {
    for (const [, target = ""] of code(text).matchAll(/^(?:sudo )?make ([a-z-]+)/gm))
      t.true(targets.has(target), `${file}: make ${target}`);
  }
});

test("the README installs the present release", async (t) => {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await read("package.json")));
  for (const file of ["README.md", "docs/quick-start.md", "README.zh-CN.md"]) {
    const tags = Array.from(
      (await read(file)).matchAll(/swarmnfs:(\d[^-\s]*)-/g),
      ([, tag]) => tag,
    );
    t.deepEqual([...new Set(tags)], [version], file);
  }
});

test("the Chinese README has the commands and files of the English one", async (t) => {
  const [english, chinese] = await Promise.all([read("README.md"), read("README.zh-CN.md")]);
  t.deepEqual(commandsOf(chinese), commandsOf(english));
  t.deepEqual(levelsOf(chinese), levelsOf(english), "sections");
  t.deepEqual(filesIn(chinese), filesIn(english));
});

/** Its fenced blocks without pictures, whose words are translated. */
function commandsOf(document: string): Fence[] {
  return fencesOf(document).filter(({ language }) => language !== "mermaid");
}

function levelsOf(document: string): string[] {
  return document.match(/^#+(?= )/gm) ?? [];
}

/** Where its links lead, but for those to itself and to the other language. */
function filesIn(document: string): string[] {
  return Array.from(document.matchAll(/\]\(([^)\s#]+)[^)\s]*\)/g), ([, target = ""]) => target)
    .filter((target) => !target.startsWith("README"))
    .toSorted();
}

/** Everything in a document that is written as code, a piece a line. */
function code(document: string): string {
  return [
    ...fencesOf(document).map(({ text }) => text),
    ...codeIn(document.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "")),
  ].join("\n");
}

/** What a browser calls the headings of a document on GitHub. */
function anchorsOf(document: string): string[] {
  return Array.from(document.matchAll(/^#+ (.*)$/gm), ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
