import test from "ava";
import { checkMountOption } from "../../storage/rules/mount-options.ts";
import { newApp, newVolume } from "../../storage/rules/new-volume.ts";
import { optionNames, parseOptions } from "../../storage/rules/options.ts";
import { codeIn, onlyCode, read, tableOf } from "./document.ts";

const documents = ["docs/volume-options.md", "README.md", "README.zh-CN.md"];
const tables = new Map<string, string[][]>();
for (const file of documents) tables.set(file, tableOf(await read(file), "options"));
const reference = tables.get("docs/volume-options.md") ?? [];

for (const [file, rows] of tables) {
  test(`${file} has a row for every volume option, and for nothing else`, (t) => {
    t.deepEqual(rows.map(([name = ""]) => onlyCode(name) ?? "").toSorted(), optionNames.toSorted());
  });

  test(`${file} gives examples of volume options that are understood`, (t) => {
    for (const [name = "", , example = ""] of rows) {
      const [key, value] = [onlyCode(name) ?? "", onlyCode(example) ?? ""];
      t.notThrows(() => parseOptions({ [key]: value }), `${key}=${value}`);
    }
  });

  test(`${file} says the same names, examples and defaults as docs/volume-options.md`, (t) => {
    t.deepEqual(rows.map(codes), reference.map(codes));
  });
}

test("README.md and docs/volume-options.md describe volume options in the same words", (t) => {
  t.deepEqual(tables.get("README.md"), reference);
});

test("the defaults of volume options are those a new volume gets", (t) => {
  const defaults = defaultsOf("v");
  for (const [name = "", , , told = ""] of reference) {
    const option = onlyCode(name) ?? "";
    const actual = defaults.get(option);
    if (actual === undefined) t.fail(`no default is known for ${option}`);
    else t.is(told, actual, option);
  }
});

test("docs/volume-options.md lists the mount options that are allowed", async (t) => {
  const [, list = ""] =
    /These may be added:\n\n([\s\S]*?)\n\n/.exec(await read("docs/volume-options.md")) ?? [];
  const refusal = t.throws(() => checkMountOption("xxxxxxxxxxxxxxxx"));
  t.is(codeIn(list).join(", "), /Allowed: (.*)$/.exec(refusal?.message ?? "")?.[1] ?? "none");
});

test("an app asked for by name belongs to that name", (t) => {
  const options = parseOptions({ app: "blog" });
  t.deepEqual(newApp("blog", options, birth).services, ["blog"]);
});

const birth = { id: "", fsid: 1, createdAt: "", createdBy: "" };

/** What a volume made without any option gets, as the documents write it. */
function defaultsOf(name: string): Map<string, string> {
  const options = parseOptions({});
  const app = newApp(name, options, birth);
  const volume = newVolume(name, options, app, birth);
  return new Map([
    ["access", text(volume.access)],
    ["app", volume.app === name ? "the volume's name" : volume.app],
    ["backup", text(volume.backup)],
    ["from", text(options.from)],
    ["gid", text(volume.owner.gid)],
    ["hosts", text(app.hosts.join(","))],
    ["mirror", volume.mirror === null ? "as the backup service says" : text(volume.mirror)],
    ["mode", text(volume.owner.mode.toString(8).padStart(4, "0"))],
    ["mount-options", text(volume.mountOptions.join(",") || null)],
    ["on-remove", text(volume.onRemove)],
    ["root", text(volume.root)],
    [
      "services",
      `with \`app\`: that name; without: \`${String(app.services)}\`, whoever mounts it first`,
    ],
    ["size", text(volume.size)],
    ["squash", text(volume.squash)],
    ["uid", text(volume.owner.uid)],
  ]);
}

function codes([name = "", , example = "", told = ""]: string[]): string[][] {
  return [codeIn(name), codeIn(example), codeIn(told)];
}

function text(value: string | number | boolean | null): string {
  return value === null ? "none" : `\`${value}\``;
}
