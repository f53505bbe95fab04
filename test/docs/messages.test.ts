import test from "ava";
import { execa } from "execa";
import { onlyCode, read, root, tableOf } from "./document.ts";

test("every message in docs/operations.md is one that the programs say", async (t) => {
  const { stdout } = await execa(
    "git",
    ["ls-files", "plugin", "storage", "service", "cli", "nfs-server"],
    {
      cwd: root,
    },
  );
  const sources = await Promise.all(stdout.split("\n").map(read));
  const said = sources.join("\n");
  for (const [cell = ""] of tableOf(await read("docs/operations.md"), "messages")) {
    const message = onlyCode(cell) ?? "";
    const pieces = message.split("…").map((piece) => piece.trim());
    t.true(
      pieces.some((piece) => piece.length > 6),
      `too little to tell: ${message}`,
    );
    t.deepEqual(
      pieces.filter((piece) => !said.includes(piece)),
      [],
      message,
    );
  }
});
