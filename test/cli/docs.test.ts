import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { commands } from "../../cli/command.ts";
import { optionTable } from "../../cli/options.ts";
import { version } from "../../service/version.ts";
import { speak } from "./spoken.ts";

const page = await readFile(join(import.meta.dirname, "../../docs/cli.md"), "utf8");
const documentedVersion = "0.1.0";

test("docs/cli.md describes every command, with an example", (t) => {
  const sections = page.split(/^## /m);
  for (const { name } of [...commands, { name: "help" }]) {
    const section = sections.find((text) => text.startsWith(`swarmnfs ${name}\n`));
    t.regex(section ?? `no section for ${name}`, /^\$ swarmnfs /m);
  }
});

test("docs/cli.md names every option", (t) => {
  for (const name of Object.keys(optionTable)) {
    if (name !== "version") t.true(page.includes(`--${name}`), name);
  }
});

for (const [, block = ""] of page.matchAll(/^```console\n(.*?)^```$/gms)) {
  if (!block.startsWith("$ swarmnfs ")) continue;
  for (const example of block.split(/^(?=\$ )/m)) {
    const line = example.slice(2, example.indexOf("\n"));
    test(`docs/cli.md shows what is printed: ${line}`, async (t) => {
      const { out, err } = await speak(t, line.split(" ").slice(1), { columns: 100, typed: "yes" });
      t.is(example, `$ ${line}\n${(out + err).replaceAll(version, documentedVersion)}`);
    });
  }
}
