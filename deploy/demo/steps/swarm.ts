import { setTimeout as pause } from "node:timers/promises";
import type { DockerCli } from "../../../engine-box/docker-cli.ts";
import { label } from "../names.ts";
import { expect, type Story } from "../story.ts";
import type { Stage } from "../stage.ts";

/** The same as swarm services. */
export async function swarmSteps(story: Story, { docker, image }: Stage): Promise<void> {
  const create = (name: string, replicas: number, mount: string, command: string) => {
    const flags = {
      label: label,
      "container-label": label,
      name: name,
      replicas: String(replicas),
      "restart-condition": "none",
      "stop-grace-period": "1s",
      mount: `type=volume,${mount}`,
    };
    const words = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
    const service = ["--detach", "--no-resolve-image", ...words, image, "sh", "-c", command];
    return docker.run("service", "create", ...service);
  };

  await story.step("swarm", async () => {
    const state = await docker.run("info", "--format", "{{.Swarm.LocalNodeState}}");
    if (state === "inactive") {
      await docker.run(
        "swarm",
        "init",
        "--advertise-addr",
        "127.0.0.1",
        "--listen-addr",
        "127.0.0.1:2377",
      );
    }
    const mount = "source=web_counter,target=/data,volume-driver=swarmnfs,volume-opt=app=web";
    await create("web", 3, mount, "hostname >>/data/visits; sleep 600");
    const tasks = await poll(
      docker,
      "web",
      (found) => found.filter((task) => task.startsWith("Running")).length === 3,
    );
    const [container = ""] = (await docker.run("ps", "--quiet", "--filter", "name=web.1")).split(
      "\n",
    );
    const visits = await docker.run("exec", container, "sort", "-u", "/data/visits");
    expect(
      visits.split("\n").length === 3,
      "3 tasks that wrote into one file",
      `${tasks.join("; ")}: ${visits}`,
    );
    return "docker service create --replicas 3 → three tasks wrote into one file of web_counter";
  });

  await story.step("refuse", async () => {
    await create(
      "thief",
      1,
      "source=blog_data,target=/stolen,volume-driver=swarmnfs",
      "ls /stolen",
    );
    const refusal = 'belongs to app "blog"';
    const tasks = await poll(docker, "thief", (found) =>
      found.some((task) => task.includes(refusal)),
    );
    const [task = ""] = tasks;
    return `swarm service thief asked for blog_data → refused:\n${task.slice(task.indexOf('"blog_data"')).replace(/"$/, "")}`;
  });

  await docker.attempt("service", "rm", "web", "thief");
}

/** The tasks of a service, `<state> <error>` each, once they are as awaited. */
async function poll(
  docker: DockerCli,
  service: string,
  done: (tasks: readonly string[]) => boolean,
): Promise<string[]> {
  const deadline = Date.now() + 90_000;
  for (;;) {
    const format = ["--no-trunc", "--format", "{{.CurrentState}} {{.Error}}"];
    const tasks = (await docker.run("service", "ps", ...format, service)).split("\n");
    if (done(tasks)) return tasks;
    expect(
      Date.now() < deadline,
      `the tasks of "${service}" to get there within 90 s`,
      tasks.join("; "),
    );
    await pause(200);
  }
}
