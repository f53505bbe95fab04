import { readdir } from "node:fs/promises";
import path from "node:path";
import test from "ava";
import { wishesOf } from "../../service/hooks/hook-wishes.ts";
import { parseOptions, type VolumeOptions } from "../../storage/rules/options.ts";
import { read, root } from "./document.ts";

const folder = "deploy/examples";
const files = await readdir(path.join(root, folder));
const examples = await Promise.all(
  files.map(async (file) => ({
    name: file.replace(".stack.yml", ""),
    text: await read(path.join(folder, file)),
  })),
);
const page = await read("docs/examples.md");

test("every example is explained, and deployed under the name of its app", (t) => {
  for (const { name, text } of examples) {
    const line = `docker stack deploy -c ${folder}/${name}.stack.yml ${name}`;
    t.true(text.includes(`#   ${line}\n`), name);
    t.true(page.includes(`${line}\n`), name);
    for (const { app } of volumesOf(text).values()) t.is(app, name);
  }
});

test("every volume of an example has options that the plugin understands", (t) => {
  for (const { name, text } of examples) {
    const sources = new Set(
      [...text.matchAll(/source: (\w+)$|^ {6}- (\w+):\//gm)].map(
        (found) => found[1] ?? found[2] ?? "",
      ),
    );
    t.deepEqual([...volumesOf(text).keys()].toSorted(), [...sources].toSorted(), name);
  }
});

test("databases are exclusive and not backed up as files; their dumps are", (t) => {
  for (const name of ["postgres", "wordpress"]) {
    const text = examples.find((each) => each.name === name)?.text ?? "";
    const volumes = [...volumesOf(text).values()];
    const databases = volumes.filter(({ access }) => access === "exclusive");
    t.is(databases.length, 1);
    t.deepEqual(
      volumes.filter(({ backup }) => backup === "off"),
      databases,
    );
    t.regex(text, /endpoint_mode: dnsrr\n/);
    t.regex(text, /order: stop-first\n/);
    const [, command = ""] = /^ {6}swarmnfs\.backup\.pre: (.+)$/m.exec(text) ?? [];
    const { wishes, notes } = wishesOf({ name, labels: { "swarmnfs.backup.pre": command } });
    t.deepEqual([wishes.pre, notes], [`sh -c "$$DUMP"`, []]);
  }
});

test("no example has a password in it, and every port can be another one", (t) => {
  for (const { name, text } of examples) {
    t.notRegex(text, /PASSWORD: /, name);
    for (const [, port = ""] of text.matchAll(/^ {6}- "(.+):\d+"$/gm)) t.is(port, "${PORT:-8080}");
  }
});

/** The volumes at the end of a stack file, by name. */
function volumesOf(text: string): ReadonlyMap<string, VolumeOptions> {
  const [, section = ""] = text.split(/^volumes:\n/m);
  return new Map(
    section.split(/^(?= {2}\w)/m).map((block) => {
      const [, name = ""] = /^ {2}(\w+):\n {4}driver: swarmnfs\n/.exec(block) ?? [];
      const options = Array.from(block.matchAll(/^ {6}([\w-]+): "?(.+?)"?$/gm), (found) => [
        found[1],
        found[2],
      ]);
      return [name, parseOptions(Object.fromEntries(options))] as const;
    }),
  );
}
