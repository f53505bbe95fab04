// The backup service as a swarm has it: a stack with Docker secrets, the storage on NFS by a volume of the plugin, and the
// WebDAV server on another machine.
import { readFile } from "node:fs/promises";
import test from "ava";
import * as z from "zod";
import { images, sendFile } from "./backup-image.ts";
import { swarmnfs } from "./cli.ts";
import { labCluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";
import { serveWebDav } from "./webdav.ts";

const on = labCluster();
/** As the file itself says. */
const stack = "swarmnfs";
const service = `${stack}_backup`;
const container = `$(docker ps --quiet --filter name=${service})`;
const file = new URL("../../deploy/backup.stack.yml", import.meta.url);
/** Milliseconds for one command of the service, where machines are emulated. */
const patience = 600_000;

const snapshots = z.object({ snapshots: z.array(z.looseObject({ time: z.string() })) });
const trash = z.object({ entries: z.array(z.looseObject({ id: z.string() })) });

/** Loads the image on the leader, and deploys the stack as it is; it runs where its image is. */
async function deploy(secrets: Readonly<Record<string, string>>): Promise<void> {
  on.afterwards(remove);
  await sendFile(on.leader, images["swarmnfs-backup.tar"], "/run/backup.tar");
  await on.leader.must("docker load --input /run/backup.tar && rm /run/backup.tar", {
    timeout: patience,
  });
  for (const [name, value] of Object.entries(secrets))
    await on.leader.must(`printf %s '${value}' | docker secret create ${name} -`);
  const here = `services: {backup: {deploy: {placement: {constraints: ["node.hostname == ${on.leader.name}"]}}}}`;
  await on.leader.must(
    `cat >/run/backup.yml <<'STACK'\n${await readFile(file, "utf8")}\nSTACK
    printf '%s\\n' 'version: "3.8"' '${here}' >/run/here.yml
    docker stack deploy --resolve-image never -c /run/backup.yml -c /run/here.yml ${stack}`,
    { timeout: patience },
  );
}

async function remove(): Promise<void> {
  await on.attempt(on.leader, `stack rm ${stack}`);
  await eventually(async () => {
    const left = await on.docker(on.leader, `ps --all --quiet --filter name=${service}`);
    return left === "";
  }, "the backup service is gone");
  await on.leader.run(
    `docker volume rm ${stack}_storage ${stack}_state ${stack}_cache
    docker secret rm webdav_url webdav_username webdav_password backup_password
    docker image ls --quiet swarmnfs/backup | xargs --no-run-if-empty docker image rm --force`,
    { timeout: patience },
  );
}

/** `swarmnfs backup LINE` in the service's container. */
function backup(line: string): Promise<string> {
  return on.leader.must(`docker exec ${container} swarmnfs backup ${line}`, { timeout: patience });
}

test("a swarm service with secrets backs up storage on NFS: an app comes back after its volume was purged", async (t) => {
  t.timeout(2_700_000);
  const [writer, reader] = [on.node(2), on.node(1)];
  const webdav = await serveWebDav(on, on.node(on.nodes.length));
  const name = await on.volume("wiki");
  const write =
    "mkdir -p deep && head -c 300000 /dev/urandom >deep/bytes && ln -s deep/bytes link && echo first >post && chown -R 70:80 . && chmod 2770 .";
  const look =
    "cat post; sha256sum <deep/bytes; readlink link; stat -c %a:%u:%g . post; ls -A . deep";
  await on.says(writer, name, name, write);
  const first = await on.says(writer, name, name, look);

  const password = on.name("correct horse").replaceAll(" ", "-");
  await deploy({
    webdav_url: webdav.url,
    webdav_username: webdav.username,
    webdav_password: webdav.password,
    backup_password: password,
  });
  await on.running(service, 1, 2 * patience);
  await eventually(
    async () => {
      // Whatever the state of the apps is.
      const asking = `docker exec ${container} swarmnfs backup status --json`;
      return (await on.leader.run(asking, { timeout: patience })).stdout.startsWith("{");
    },
    "the service can be asked",
    patience,
  );
  t.log(await backup(`run ${name}`));
  const found = snapshots.parse(JSON.parse(await backup(`snapshots ${name} --json`)));
  const time = found.snapshots.at(-1)?.time ?? "";
  // Of two versions within a second nobody could tell which is meant.
  const second = Math.floor(Date.parse(time) / 1000) + 2;
  await on.leader.must(`while [ $(date +%s) -lt ${second} ]; do sleep 1; done`);
  await on.says(writer, name, name, "echo second >post && rm -r deep");
  t.log(await backup(`run ${name}`));

  await eventually(
    async () => (await on.attempt(writer, `volume rm ${name}`)).exitCode === 0,
    `${name} can be removed`,
  );
  const { entries } = trash.parse(JSON.parse(await swarmnfs(writer, "trash list --json")));
  const entry = entries.find(({ id }) => id.startsWith(`${name}@`));
  t.log(await swarmnfs(writer, `trash purge ${entry?.id} --yes`));
  const places = "/volume1/swarm/.swarmnfs/trash /volume1/swarm/apps";
  t.is(await on.nas.must(`find ${places} -name '${name}*'`), "");

  const again = await on.volume("again", `app=${name}`, `from=${name}@${time}`);
  await eventually(
    async () => {
      const status = await on.docker(reader, "volume inspect --format", "{{json .Status}}", again);
      return !/filling/i.test(status);
    },
    "the new volume is filled",
    patience,
  );
  t.is(await on.says(reader, `${name}-reader`, again, look), first);

  t.log(await backup(`status`).catch(String));
  const [id] = (await on.docker(on.leader, `ps --quiet --filter name=${service}`)).split("\n");
  await eventually(async () => {
    const health = "inspect --format {{.State.Health.Status}}";
    return (await on.docker(on.leader, `${health} ${id}`)) === "healthy";
  }, "its health check is passed");
  const told = await on.leader.must(`docker logs ${id} 2>&1; docker inspect ${id}; ps -ef`);
  for (const secret of [password, webdav.password]) t.false(told.includes(secret));
});
