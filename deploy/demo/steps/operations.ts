import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { expect, type Story } from "../story.ts";
import type { Stage } from "../stage.ts";
import { said } from "./said.ts";

/** Outlives the demo, to be looked at. */
const page = path.join(import.meta.dirname, "../../../.engine/report.html");

/** How it stands with all of it. */
export async function operationsSteps(story: Story, stage: Stage): Promise<void> {
  await story.step("report", async () => {
    const made = await stage.swarmnfs("report", "--html", page);
    expect(made.exitCode === 0, "a report", said(made));
    expect((await readFile(page, "utf8")).includes("blog_data"), "blog_data in the report", page);
    return `swarmnfs report --html: look at ${pathToFileURL(page).href}`;
  });

  await story.step("doctor", async () => {
    const examined = await stage.swarmnfs("doctor", "--cluster");
    expect(/\bok\b/.test(examined.stdout), "what is well and what is not", said(examined));
    return `swarmnfs doctor --cluster →\n${examined.stdout}`;
  });
}
