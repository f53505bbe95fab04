import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "ava";
import { execa } from "execa";
import * as z from "zod";
import { read, root } from "./document.ts";

const rooms = [
  "service",
  "storage",
  "plugin",
  "nfs-server",
  "backup-sidecar",
  "cli",
  "rootfs-build",
  "engine-box",
  "lab",
  "deploy",
];
/** Which rooms a room may import. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  storage: ["service"],
  plugin: ["storage", "service"],
  "nfs-server": ["storage", "service"],
  "backup-sidecar": ["storage", "service"],
  cli: ["storage", "service"],
  deploy: ["rootfs-build", "engine-box", "lab"],
  lab: ["rootfs-build", "engine-box", "deploy"],
  "rootfs-build": ["engine-box", "lab", "deploy"],
  "engine-box": ["rootfs-build", "lab", "deploy"],
};

test("lint refuses every import between rooms that does not go one way", async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-imports-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const { options: _types, ...configuration } = z
    .looseObject({})
    .parse(JSON.parse(await read(".oxlintrc.json")));
  await writeFile(path.join(folder, ".oxlintrc.json"), JSON.stringify(configuration));

  const edges = rooms.flatMap((from) =>
    rooms.filter((to) => to !== from).map((to) => ({ from, to })),
  );
  for (const room of rooms) {
    await mkdir(path.join(folder, room, "deeper"), { recursive: true });
    await writeFile(path.join(folder, room, "thing.ts"), "export const thing = 1;\n");
  }
  for (const { from, to } of edges) {
    const at = (place: string): string => path.join(folder, from, place);
    await writeFile(at(`to-${to}.ts`), `export { thing } from "../${to}/thing.ts";\n`);
    await writeFile(
      at(`deeper/to-${to}.ts`),
      `import type { thing } from "../../${to}/thing.ts";\nexport type Thing = typeof thing;\n`,
    );
  }

  const { stdout } = await execa("oxlint", ["--format", "unix"], {
    cwd: folder,
    reject: false,
    preferLocal: true,
    localDir: root,
  });
  const refused = new Set(
    stdout
      .split("\n")
      .filter((line) => line.includes("no-restricted-imports"))
      .map((line) => line.split(":")[0]?.replace(`${folder}/`, "")),
  );
  const wrong = edges.filter(({ from, to }) => !(allowed[from] ?? []).includes(to));
  t.deepEqual(
    [...refused].toSorted(compare),
    wrong
      .flatMap(({ from, to }) => [`${from}/deeper/to-${to}.ts`, `${from}/to-${to}.ts`])
      .toSorted(compare),
  );
});

function compare(a = "", b = ""): number {
  return a < b ? -1 : Number(a > b);
}
