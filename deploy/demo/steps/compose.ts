import path from "node:path";
import { expect, type Story } from "../story.ts";
import type { Stage } from "../stage.ts";
import { said } from "./said.ts";

const folder = path.join(import.meta.dirname, "..");

/** The same from a compose file: `driver: swarmnfs`. */
export async function composeSteps(story: Story, { docker, image }: Stage): Promise<void> {
  const compose = (project: string, file: string, ...args: string[]) => {
    const words = ["--project-name", project, "--file", file, ...args];
    return docker.attemptCompose(folder, { DEMO_IMAGE: image }, ...words);
  };

  await story.step("compose", async () => {
    const up = await compose("wiki", "compose.yml", "up", "--exit-code-from", "reader");
    const seen = `${up.stdout}\n${up.stderr}`;
    expect(
      up.exitCode === 0 && seen.includes("page one"),
      'the reader to read "page one"',
      said(up),
    );
    return 'driver: swarmnfs → service writer wrote "page one", service reader read "page one"';
  });
  await compose("wiki", "compose.yml", "down", "--timeout", "1");

  await story.step("refuse", async () => {
    const refused = await compose("thieves", "thief.yml", "up", "--no-color");
    const words = said(refused);
    expect(
      refused.exitCode !== 0 && words.includes('belongs to app "blog"'),
      'a refusal that names app "blog"',
      words,
    );
    return `compose project thieves asked for blog_data → refused:\n${words}`;
  });
  await compose("thieves", "thief.yml", "down");
}
