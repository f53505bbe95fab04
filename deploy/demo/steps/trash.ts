import { setTimeout as pause } from "node:timers/promises";
import { label } from "../names.ts";
import { expect, type Story } from "../story.ts";
import type { Stage } from "../stage.ts";
import { said } from "./said.ts";

/** What is known of a volume, and that removing one loses nothing. */
export async function trashSteps(story: Story, stage: Stage): Promise<void> {
  const { docker, image } = stage;
  await story.step("inspect", async () => {
    const text = await docker.run("volume", "inspect", "--format", "{{json .Status}}", "blog_data");
    expect(
      text.includes('"app":"blog"') && text.includes('"health":"ok"'),
      "a Status with app and health",
      text,
    );
    return `docker volume inspect blog_data →\n${text.replaceAll(/,"/g, ', "').replaceAll('":', '": ')}`;
  });

  await story.step("remove", async () => {
    // The plugin holds a mount a moment longer than its last container.
    let removed = await docker.attempt("volume", "rm", "blog_data");
    for (let tries = 0; removed.exitCode !== 0 && tries < 20; tries += 1) {
      await pause(500);
      removed = await docker.attempt("volume", "rm", "blog_data");
    }
    expect(removed.exitCode === 0, "the volume to be removed", said(removed));
    const trash = await stage.swarmnfs("trash");
    expect(trash.stdout.includes("blog_data@"), "blog_data in the trash", said(trash));
    return `docker volume rm blog_data; swarmnfs trash →\n${trash.stdout}`;
  });

  await story.step("undo", async () => {
    const back = await stage.swarmnfs("trash", "undelete", "blog_data");
    expect(back.exitCode === 0, "blog_data back from the trash", said(back));
    const command = ["--name", "blog-3", "-v", "blog_data:/data", image, "cat", "/data/greeting"];
    const read = await docker.attempt("run", "--rm", "--label", label, ...command);
    expect(read.stdout === "hello", 'container "blog-3" to read "hello"', said(read));
    return 'swarmnfs trash undelete blog_data: container blog-3 read "hello"';
  });
}
