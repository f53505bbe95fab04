// The examples of deploy/examples as people deploy them, on three nodes with our own server; with stand-ins for the images of
// Docker Hub, which the lab does not reach.
import test from "ava";
import { provideExampleImages } from "../../lab/image/example-images.ts";
import { postgresExample } from "../examples/postgres.ts";
import { siteExample } from "../examples/site.ts";
import { wordpressExample } from "../examples/wordpress.ts";
import { sendFile } from "./backup-image.ts";
import { labCluster } from "./cluster.ts";
import { say } from "./eventually.ts";
import { labSwarm } from "./lab-swarm.ts";

const on = labCluster();
const swarm = labSwarm(on);
/** Milliseconds for all of one example, where machines are emulated. */
const long = 5_400_000;

test.before(async (t) => {
  t.timeout(long);
  const images = await provideExampleImages(say);
  // One after the other: emulated machines share processors.
  for (const node of on.nodes) {
    say(`${node.name} is given the images of the examples`);
    await sendFile(node, images, "/var/lib/docker/examples.tar");
    const load =
      "docker load --input /var/lib/docker/examples.tar; rm /var/lib/docker/examples.tar";
    await node.must(load, { timeout: 1_800_000 });
  }
});

test("PostgreSQL: swarm moves it to another node while a client writes, and every acknowledged row is there", async (t) => {
  t.timeout(long);
  await postgresExample(t, swarm);
});

test("a static site: pages and configuration are changed for all nodes, a mistake stops nobody", async (t) => {
  t.timeout(long);
  await siteExample(t, swarm);
});

test("WordPress: its page at every node's port, an upload seen from another node, its database moved", async (t) => {
  t.timeout(long);
  await wordpressExample(t, swarm);
});
