import { OwnNetwork } from "../../lab/own-network.ts";
import { nodeThere, runProgram } from "../../lab/program.ts";
import { startServer } from "../../lab/server.ts";
import { progress } from "../progress.ts";
import { below, type Row } from "../row.ts";
import { median, quantile } from "../sample.ts";
import type { BenchLab } from "./bench-lab.ts";

/** Beyond the time in which nobody serves, a writer may be kept waiting for so long, in seconds. */
const boundS = 3;
const most = 3;
const patience = 600_000;
const compose = "cd /root && docker compose -f nfs-server.compose.yml";
const container = "swarmnfs-nfs-server-1";
const volume = "bench-restart";
const policyFile = "bench-policy.json";
/** Of the client, which has no plugin: the policy lets it in. */
const address = "10.77.0.72";

/** What the writer has to tell. Everything in it can be JSON. */
export interface Wrote {
  /** Seconds from the end of a write to the end of the next. */
  readonly longest: number;
  readonly writes: number;
  readonly errors: readonly string[];
}

/** A volume, by whoever is in the server's container: nothing but Node.js is there. */
const making = `
const body = JSON.stringify({ name: "${volume}", options: {} });
const headers = { "content-type": "application/json", "content-length": body.length, "idempotency-key": crypto.randomUUID() };
require("node:http").request({ socketPath: "/run/swarmnfs/server.sock", method: "POST", path: "/v1/volumes", headers },
  (response) => { response.pipe(process.stdout); process.exitCode = response.statusCode === 200 ? 0 : 1; }).end(body);`;

/** How long a client that writes is kept waiting while the server's container is restarted under it. */
export async function measureRestart(bench: BenchLab, rounds: number): Promise<Row[]> {
  const { lab, node } = bench;
  const { storage } = lab;
  progress("restart: a volume, and a client that may have it");
  await startServer(lab, progress);
  await storage.must(`${compose} exec -T nfs-server node -e '${making}'`, { timeout: patience });
  const policy = JSON.stringify({ static: [{ volume, hosts: [address], mode: "rw" }] });
  await storage.must(
    `cp /root/.env /root/.env-bench; . /root/.env
    echo '${policy}' >"\${SWARMNFS_DISK:-/nfs_volumes}/${policyFile}"
    echo SWARMNFS_POLICY_FILE=/nfs_volumes/${policyFile} >>/root/.env`,
  );
  await startServer(lab, progress);
  const network = await OwnNetwork.make(node, "bench-restart", address);
  const [stalls, restarts]: [number[], number[]] = [[], []];
  try {
    await network.mount(`${storage.plan.address}:/${volume}`, `/mnt/${volume}`);
    for (let round = 1; round <= Math.min(rounds, most); round += 1) {
      progress(`restart: round ${round}`);
      const { longest, restarted } = await oneRound(bench);
      progress(`restart: ${restarted.toFixed(1)} s; the writer waited ${longest.toFixed(1)} s`);
      stalls.push(longest);
      restarts.push(restarted);
    }
  } finally {
    await network.remove();
    await storage.run(
      `. /root/.env; rm -f "\${SWARMNFS_DISK:-/nfs_volumes}/${policyFile}"; mv /root/.env-bench /root/.env`,
    );
    await startServer(lab, progress);
  }
  const beyond = stalls.map((stall, index) => stall - (restarts[index] ?? 0));
  return [
    {
      what: "server's container restarted: longest wait of a client that writes",
      unit: "s",
      swarmnfs: { median: median(stalls), p99: quantile(stalls, 0.99) },
      other: { name: "stop + start", median: median(restarts), p99: quantile(restarts, 0.99) },
      ratio: median(stalls) / median(restarts),
      goals: [below("beyond stop + start", median(beyond), boundS, " s")],
    },
  ];
}

async function oneRound({ lab, node }: BenchLab): Promise<{ longest: number; restarted: number }> {
  const file = `/mnt/${volume}/file`;
  const stop = "/run/bench-stop";
  await node.must(`rm -f ${stop} ${file}`);
  const writing = runProgram(
    node,
    "bench/lab/writer-there.ts",
    { file, stop },
    nodeThere,
    patience,
  );
  await node.must(`until [ -s ${file} ]; do sleep 0.2; done`, { timeout: patience });
  const clock = "$(date +%s%N)";
  const listens = "until ss -Hltn 'sport = :2049' | grep -q .; do sleep 0.1; done";
  const ms = await lab.storage.must(
    `a=${clock}; docker restart --time 60 ${container} >/dev/null; ${listens}; echo $(( (${clock} - a) / 1000000 ))`,
    { timeout: patience },
  );
  // It writes again before it is asked to stop.
  await node.must(
    `was=$(stat -c %s ${file}); until [ $(stat -c %s ${file}) -gt $was ]; do sleep 0.5; done; touch ${stop}`,
    { timeout: patience },
  );
  const { longest, errors } = (await writing) as Wrote;
  if (errors.length > 0) throw new Error(`the writer was told ${errors.join(", ")}`);
  return { longest, restarted: Number(ms) / 1000 };
}
