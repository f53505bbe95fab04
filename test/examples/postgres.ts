import { randomBytes } from "node:crypto";
import type { ExecutionContext } from "ava";
import { said, theTask, type ExampleSwarm } from "./example-swarm.ts";

const [db, client, dump] = ["postgres_db", "postgres-client", "postgres_dump"];

/** Writes one row after the other, each in a connection of its own, and notes those that the database has acknowledged. */
const writing = `export PGPASSWORD="$(cat /run/secrets/postgres_password)"
n=0
while n=$((n + 1)); do
  until psql "host=db user=postgres connect_timeout=5 tcp_user_timeout=10000" --quiet --no-psqlrc \\
    --command "insert into lines values ($n) on conflict do nothing"; do sleep 0.2; done
  echo $n >>/tmp/acknowledged
done`;

/** Deployed, written to while swarm moves it, and dumped before a backup. */
export async function postgresExample(t: ExecutionContext, on: ExampleSwarm): Promise<void> {
  await on.secret("postgres_password", randomBytes(24).toString("hex"));
  await on.deploy("postgres");
  await on.until("PostgreSQL answers", () =>
    sql(on, "create table if not exists lines (n integer primary key)").then(() => true),
  );
  const before = await theTask(on, db);
  const flags = "--detach --no-resolve-image --init --stop-grace-period 1s --restart-delay 1s";
  await on.docker(
    `service create ${flags} --name ${client} --network postgres_default --secret postgres_password ${on.awayFrom(before)} postgres:17 sh -c`.replaceAll(
      / +/g,
      " ",
    ),
    writing,
  );
  await on.until("rows are written", async () => (await acknowledged(on)) > 20);

  await on.move(db);
  const after = await on.until("another task has taken over", async () => {
    const [now, ...others] = await on.tasks(db);
    return others.length === 0 && now !== undefined && now.id !== before.id && now;
  });
  t.log(`moved from ${before.node} to ${after.node}`);
  const atLeast = await acknowledged(on);
  await on.until("rows are written again", async () => (await acknowledged(on)) > atLeast + 10);
  const last = await acknowledged(on);
  await on.docker(`service rm ${client}`);
  const rows = await countOf(on);
  t.log(`${last} rows were acknowledged, ${rows} are there`);
  t.true(rows >= last);

  await dumped(t, on);
}

/** Rows of the table, which must be 1, 2, 3 … without a gap. */
async function countOf(on: ExampleSwarm): Promise<number> {
  const [count, last] = (await sql(on, "select count(*), max(n) from lines")).split("|");
  if (count !== last) throw new Error(`of ${last} rows there are ${count}`);
  return Number(count);
}

async function dumped(t: ExecutionContext, on: ExampleSwarm): Promise<void> {
  const task = await on.until("the first dump is there", async () => {
    const there = await theTask(on, dump);
    return (await there.run("test -s /dumps/all.sql")).exitCode === 0 && there;
  });
  await sql(on, "insert into lines values (1000000)");
  await on.beforeBackup("postgres");
  const text = await said(task, "cat /dumps/all.sql; ls -A /dumps");
  t.regex(text, /^1000000$/m);
  t.regex(text, /^-- PostgreSQL database cluster dump complete$/m);
  t.regex(text, /\nall\.sql$/);
  t.notRegex(text, /^\.new-/m);
}

/** One statement, in the database's own container. */
export async function sql(on: ExampleSwarm, statement: string): Promise<string> {
  const task = await theTask(on, db);
  return said(
    task,
    `psql --username postgres --quiet --no-psqlrc --tuples-only --no-align --command "${statement}"`,
  );
}

async function acknowledged(on: ExampleSwarm): Promise<number> {
  return Number(await said(await theTask(on, client), "tail -n 1 /tmp/acknowledged"));
}
