import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import test from "ava";
import { pino } from "pino";
import { serveMetrics } from "../../service/metrics-page.ts";
import { until } from "../plugin/until.ts";

interface Line {
  readonly msg: string;
  readonly level: number;
}

async function freePort(): Promise<{ port: number; server: Server }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, server };
}

function page(
  port: number,
  text: () => Promise<string>,
): { lines: Line[]; stop: () => void; over: Promise<void> } {
  const lines: Line[] = [];
  const log = pino({}, { write: (line) => lines.push(JSON.parse(line) as Line) });
  const life = new AbortController();
  const place = { address: "127.0.0.1", port };
  const over = serveMetrics(place, text, log, life.signal, 20);
  return { lines, stop: () => life.abort(), over };
}

test("a port that is taken is told once, and had as soon as it is free", async (t) => {
  const { port, server } = await freePort();
  const { lines, stop, over } = page(port, async () => "a 1\n");
  t.teardown(stop);
  await until("it was told", async () => lines.length > 0);
  server.close();
  await until("it is served", async () => lines.length > 1);
  t.deepEqual(
    lines.map(({ msg }) => msg),
    ["/metrics cannot be served; it is tried again", "/metrics is served"],
  );
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  t.is(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  t.is(await response.text(), "a 1\n");
  stop();
  await over;
  await t.throwsAsync(fetch(`http://127.0.0.1:${port}/metrics`));
});

test("there is nothing else, and what cannot be made is an error of that scrape alone", async (t) => {
  const { port, server } = await freePort();
  server.close();
  await once(server, "close");
  const answers = [new Error("a mistake"), null];
  const { lines, stop } = page(port, async () => {
    const error = answers.shift();
    if (error) throw error;
    return "a 2\n";
  });
  t.teardown(stop);
  await until("it is served", async () => lines.length > 0);
  const base = `http://127.0.0.1:${port}`;
  t.is((await fetch(base)).status, 404);
  t.is((await fetch(`${base}/metrics`, { method: "POST" })).status, 405);
  t.is((await fetch(`${base}/metrics`)).status, 500);
  t.is(await (await fetch(`${base}/metrics?x=1`)).text(), "a 2\n");
});

test("whoever holds connections open keeps nobody else from asking", async (t) => {
  const { port, server } = await freePort();
  server.close();
  await once(server, "close");
  const { lines, stop } = page(port, async () => "a 3\n");
  t.teardown(stop);
  await until("it is served", async () => lines.length > 0);
  const idle = Array.from({ length: 8 }, () => connect(port, "127.0.0.1"));
  t.teardown(() => idle.forEach((socket) => socket.destroy()));
  for (const socket of idle) socket.on("error", () => undefined);
  const asked = Array.from({ length: 4 }, () => fetch(`http://127.0.0.1:${port}/metrics`));
  const texts = await Promise.all(asked.map(async (each) => (await each).text()));
  t.deepEqual(
    texts,
    Array.from({ length: 4 }, () => "a 3\n"),
  );
});
