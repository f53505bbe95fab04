import path from "node:path";
import { expect, type Story } from "../story.ts";
import type { Stage } from "../stage.ts";
import { said } from "./said.ts";

const folder = path.join(import.meta.dirname, "..");

/** The same from a compose file: `driver: swarmnfs`. */
export async function composeSteps(story: Story, { docker, image }: Stage): Promise<void> {
  const project = (...args: string[]) =>
    docker.attemptCompose(folder, { DEMO_IMAGE: image }, ...args);

  await story.step("compose", async () => {
    const wrote = await project("run", "--rm", "writer");
    expect(wrote.exitCode === 0, "the writer to write into wiki_pages", said(wrote));
    const read = await project("run", "--rm", "reader");
    expect(read.stdout.includes("page one"), 'the reader to read "page one"', said(read));
    return 'driver: swarmnfs → service writer wrote "page one", service reader read "page one"';
  });

  await story.step("refuse", async () => {
    const refused = await project("run", "--rm", "thief");
    const words = said(refused);
    expect(
      refused.exitCode !== 0 && words.includes('belongs to app "blog"'),
      'a refusal that names app "blog"',
      words,
    );
    return `compose project wiki asked for blog_data → refused:\n${words}`;
  });

  await project("down");
}
