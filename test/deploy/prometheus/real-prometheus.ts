import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ExecutionContext } from "ava";
import { execa } from "execa";
import * as z from "zod";
import { root } from "../../docs/document.ts";
import { until } from "../../plugin/until.ts";

const answer = z.object({ status: z.literal("success"), data: z.unknown() });
const result = z.object({
  result: z.array(
    z.object({
      metric: z.record(z.string(), z.string()),
      value: z.tuple([z.number(), z.string()]),
    }),
  ),
});
export type Sample = z.infer<typeof result>["result"][number];

const startBoundMs = 60_000;

/** What is scraped. */
export interface Target {
  readonly job: string;
  readonly instance: string;
  readonly storage?: string;
  /** Makes its `/metrics`; null: it does not answer. */
  readonly page: (() => Promise<string>) | null;
}

/** A real Prometheus with our rules, which scrapes what it is given every second. It goes with the test. */
export class RealPrometheus {
  readonly #url: string;

  private constructor(url: string) {
    this.#url = url;
  }

  static async start(t: ExecutionContext, targets: readonly Target[]): Promise<RealPrometheus> {
    const directory = await mkdtemp(path.join(tmpdir(), "swarmnfs-prometheus-"));
    t.teardown(() => rm(directory, { recursive: true, force: true, maxRetries: 10 }));
    const jobs = await Promise.all(
      [...Map.groupBy(targets, ({ job }) => job)].map(async ([job, each]) => ({
        job_name: job,
        static_configs: await Promise.all(
          each.map(async ({ instance, storage, page }) => ({
            targets: [`127.0.0.1:${page === null ? await freePort() : await served(t, page)}`],
            labels: { instance, ...(storage !== undefined && { storage }) },
          })),
        ),
      })),
    );
    const config = path.join(directory, "prometheus.yml");
    const everySecond = { scrape_interval: "1s", evaluation_interval: "1s" };
    // JSON is YAML.
    await writeFile(
      config,
      JSON.stringify({
        global: everySecond,
        rule_files: [path.join(root, "deploy/prometheus/rules.yml")],
        scrape_configs: jobs,
      }),
    );
    const port = await freePort();
    const prometheus = new RealPrometheus(`http://127.0.0.1:${port}`);
    const process = execa("prometheus", [
      `--config.file=${config}`,
      `--storage.tsdb.path=${directory}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
    ]);
    const ended = process.catch((error: unknown) => error);
    t.teardown(async () => {
      process.kill("SIGKILL");
      await ended;
    });
    const isUp = async (): Promise<boolean> =>
      (await prometheus.ask("up")).length === targets.length;
    await until("it has scraped all", () => isUp().catch(() => false), startBoundMs);
    return prometheus;
  }

  /** What an instant query has now. Throws what Prometheus says of a query that it does not understand. */
  async ask(query: string): Promise<readonly Sample[]> {
    return result.parse(await this.get(`query?query=${encodeURIComponent(query)}`)).result;
  }

  /** `/api/v1/…` */
  async get(what: string): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1/${what}`);
    const text = await response.text();
    if (!response.ok) throw new Error(`${what}: ${text}`);
    return answer.parse(JSON.parse(text)).data;
  }
}

async function served(t: ExecutionContext, text: () => Promise<string>): Promise<number> {
  const server = createServer((_, response) => {
    void text().then((page) => response.end(page));
  }).listen(0, "127.0.0.1");
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
