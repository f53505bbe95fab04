import { randomBytes } from "node:crypto";
import type { ExecutionContext } from "ava";
import { said, settled, theTask, type ExampleSwarm, type Task } from "./example-swarm.ts";

const [web, db, dump] = ["wordpress_web", "wordpress_db", "wordpress_dump"];
const [title, user, password] = ["What the sea brings", "admin", "correct horse"];
/** As WordPress knows itself. Where it can ask itself, as it does now and then; names outside are not looked up in tests. */
const host = "localhost";
const picture = Buffer.from("an upload").toString("base64");

/** Deployed, installed, written to; what is uploaded on one node is served by the others, who know each other's guests. */
export async function wordpressExample(t: ExecutionContext, on: ExampleSwarm): Promise<void> {
  await on.secret("wordpress_db_password", randomBytes(24).toString("hex"));
  await on.secret("wordpress_db_root_password", randomBytes(24).toString("hex"));
  await on.deploy("wordpress");
  await on.until("WordPress wants to be installed", async () => {
    const [one] = await settled(on, web, 2);
    return one !== undefined && /id="weblog_title"/.test(await asked(one, "wp-admin/install.php"));
  });
  const [one, other] = await settled(on, web, 2);
  if (one === undefined || other === undefined) throw new Error("there are not two of them");
  const fields = {
    weblog_title: title,
    user_name: user,
    admin_password: password,
    admin_password2: password,
    pw_weak: "1",
    admin_email: "admin@blog.test",
    blog_public: "0",
  };
  await asked(one, "wp-admin/install.php?step=2", form(fields));
  for (const task of [one, other]) t.true((await asked(task, "")).includes(title));
  for (const page of await on.published("", host)) t.true(page.includes(title));

  const uploaded = await asked(one, "xmlrpc.php", `--data '${uploading()}'`);
  const [, place = ""] =
    /<name>url<\/name><value><string>http:\/\/[^/]+\/([^<]+)</.exec(uploaded) ?? [];
  t.regex(place, /^wp-content\/uploads\//, uploaded);
  t.is(await asked(other, place), "an upload");

  // Not the dashboard, which looks for news outside first.
  const cookies = await loggedIn(one);
  for (const task of [one, other])
    t.regex(await asked(task, "", `--cookie '${cookies}'`), /id="wpadminbar"/);

  await on.until("the first dump is there", async () => {
    const task = await theTask(on, dump);
    return (await task.run("test -s /dumps/wordpress.sql")).exitCode === 0;
  });
  await on.beforeBackup("wordpress");
  const dumped = await said(await theTask(on, dump), "cat /dumps/wordpress.sql; ls -A /dumps");
  t.true(dumped.includes(title));
  t.regex(dumped, /\nwordpress\.sql$/);

  const before = await theTask(on, db);
  await on.move(db);
  await on.until("its database is back, and the page with it", async () => {
    const [now] = await on.tasks(db);
    return now?.id !== before.id && (await asked(other, "")).includes(title);
  });
}

/** What a web server answers in its own container, as the site it is. */
function asked(task: Task, place: string, flags = ""): Promise<string> {
  const curl = `curl --silent --show-error --fail --max-time 500`;
  return said(task, `${curl} ${flags} 'http://${host}/${place}'`);
}

function form(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `--data-urlencode '${name}=${value}'`)
    .join(" ");
}

/** The cookies of somebody who has logged in there. */
async function loggedIn(task: Task): Promise<string> {
  const fields = { log: user, pwd: password, testcookie: "1" };
  const flags = `--dump-header - --output /dev/null --cookie wordpress_test_cookie=1 ${form(fields)}`;
  const headers = await asked(task, "wp-login.php", flags);
  return Array.from(headers.matchAll(/^set-cookie: ([^;]+)/gim), ([, cookie = ""]) => cookie).join(
    "; ",
  );
}

/** A file by XML-RPC, as the apps of WordPress for telephones send it. */
function uploading(): string {
  const bits = `<value><base64>${picture}</base64></value>`;
  const file = [
    member("name", text("sea.txt")),
    member("type", text("text/plain")),
    member("bits", bits),
  ];
  const params = [
    text("1"),
    text(user),
    text(password),
    `<value><struct>${file.join("")}</struct></value>`,
  ]
    .map((value) => `<param>${value}</param>`)
    .join("");
  return `<?xml version="1.0"?><methodCall><methodName>wp.uploadFile</methodName><params>${params}</params></methodCall>`;
}

function text(value: string): string {
  return `<value><string>${value}</string></value>`;
}

function member(name: string, value: string): string {
  return `<member><name>${name}</name>${value}</member>`;
}
