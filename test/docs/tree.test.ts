import test from "ava";
import { execa } from "execa";
import { fencesOf, read, root } from "./document.ts";

/** Folders that stand for their files; everywhere else every file has a line of its own. */
const summarised = /^test\/.+\/$/;

const document = await read("ARCHITECTURE.md");
const tree = fencesOf(document).find(({ language }) => language === "tree")?.text ?? "";
const told = pathsOf(tree);
const { stdout } = await execa("git", ["ls-files"], { cwd: root });
const files = stdout.split("\n");

test("every file has a line in the tree of ARCHITECTURE.md", (t) => {
  const missing = files.filter(
    (file) =>
      !told.some((line) => line === file || (summarised.test(line) && file.startsWith(line))),
  );
  t.deepEqual(missing, []);
});

test("every line of the tree is a file or folder that exists", (t) => {
  const gone = told.filter((line) =>
    line.endsWith("/") ? !files.some((file) => file.startsWith(line)) : !files.includes(line),
  );
  t.deepEqual(gone, []);
});

test("no line of the tree comes twice, and each says what the file is for", (t) => {
  t.deepEqual(
    told.filter((line, index) => told.indexOf(line) !== index),
    [],
  );
  t.deepEqual(
    tree.split("\n").filter((line) => line !== "" && !/\S {2,}\S/.test(line)),
    [],
  );
});

/** `plugin/` and, two spaces further in, `main.ts` are `plugin/` and `plugin/main.ts`. */
function pathsOf(lines: string): string[] {
  const folders: string[] = [];
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [, indent = "", name = ""] = /^( *)(\S+)/.exec(line) ?? [];
      folders.length = indent.length / 2;
      folders.push(name);
      return folders.join("");
    });
}
