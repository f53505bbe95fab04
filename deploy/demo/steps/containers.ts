import { label } from "../names.ts";
import { expect, type Story } from "../story.ts";
import type { Stage } from "../stage.ts";
import { said } from "./said.ts";

/** Plain containers: an app shares its volume, another is refused, a misspelt option is named. */
export async function containerSteps(story: Story, { docker, image }: Stage): Promise<void> {
  const run = (name: string, ...command: string[]) =>
    docker.attempt(
      "run",
      "--rm",
      "--label",
      label,
      "--name",
      name,
      "-v",
      "blog_data:/data",
      image,
      ...command,
    );

  await story.step("create", async () => {
    const name = await docker.run(
      "volume",
      "create",
      "-d",
      "swarmnfs",
      "-o",
      "app=blog",
      "blog_data",
    );
    expect(name === "blog_data", "the volume's name", name);
    return "docker volume create -d swarmnfs -o app=blog blog_data";
  });

  await story.step("share", async () => {
    const wrote = await run("blog-1", "sh", "-c", "echo hello >/data/greeting");
    expect(wrote.exitCode === 0, 'container "blog-1" to write into blog_data', said(wrote));
    const read = await run("blog-2", "cat", "/data/greeting");
    expect(read.stdout === "hello", 'container "blog-2" to read "hello"', said(read));
    return 'container blog-1 wrote "hello", container blog-2 read "hello"';
  });

  await story.step("refuse", async () => {
    const refused = await run("shop-1", "cat", "/data/greeting");
    const words = said(refused);
    expect(
      refused.exitCode !== 0 && words.includes('belongs to app "blog"'),
      'a refusal that names app "blog"',
      words,
    );
    return `container shop-1 asked for blog_data → refused:\n${words}`;
  });

  await story.step("misspell", async () => {
    const refused = await docker.attempt(
      "volume",
      "create",
      "-d",
      "swarmnfs",
      "-o",
      "apps=blog",
      "blog_more",
    );
    const words = said(refused);
    expect(refused.exitCode !== 0 && words.includes('"app"'), 'a refusal that names "app"', words);
    return `docker volume create -d swarmnfs -o apps=blog blog_more → refused:\n${words}`;
  });
}
