import test from "ava";
import { pino } from "pino";
import { Filler } from "../../storage/filler.ts";
import type { VolumeRecord } from "../../storage/records/volume.ts";
import { newApp, newVolume } from "../../storage/rules/new-volume.ts";
import { parseOptions } from "../../storage/rules/options.ts";
import { node1 } from "./conformance.ts";

const options = parseOptions({ app: "blog" });
const birth = {
  id: "01953f5e-0000-7000-8000-000000000000",
  fsid: 7,
  createdAt: "2026-02-11T08:00:00Z",
  createdBy: "node1",
};

function volume(name: string, state: VolumeRecord["state"]): VolumeRecord {
  const record = newVolume(name, options, newApp("blog", options, birth), birth);
  return { ...record, state, fill: { from: "source", at: null } };
}

class Work {
  readonly begun: string[] = [];
  readonly heard: string[] = [];
  readonly lines: string[] = [];
  readonly outcome = Promise.withResolvers<VolumeRecord>();
  now = 0;

  filler(canFill = true): Filler {
    return new Filler({
      storage: {
        get: async (name) => volume(name, "filling"),
        ...(canFill && {
          fill: async (name: string) => {
            this.begun.push(name);
            return this.outcome.promise;
          },
        }),
      },
      node: node1,
      onChange: ({ name, state }) => this.heard.push(`${name} ${state}`),
      log: pino({ base: null }, { write: (line: string) => this.lines.push(line) }),
      monotonic: () => this.now,
    });
  }
}

const filling = [volume("a", "filling"), volume("b", "ready"), volume("c", "creating")];

test("only what is to be filled is, once, and how far it is is heard of", async (t) => {
  const work = new Work();
  const filler = work.filler();
  await filler.round(filling);
  await filler.round(filling);
  t.deepEqual(work.begun, ["a"]);
  t.deepEqual(work.heard, ["a filling", "a filling"]);
  const done = filler.fill("a");
  work.outcome.resolve(volume("a", "ready"));
  await done;
  t.is(work.heard.at(-1), "a ready");
  t.deepEqual(work.begun, ["a"]);
  t.regex(work.lines.join(""), /"filled"/);
});

test("what failed is tried again half a minute later", async (t) => {
  const work = new Work();
  const filler = work.filler();
  work.outcome.reject(new Error("no space"));
  await filler.fill("a");
  t.regex(work.lines.join(""), /no space/);
  work.now = 29_000;
  await filler.round(filling);
  t.is(work.begun.length, 1);
  work.now = 31_000;
  await filler.round(filling);
  t.is(work.begun.length, 2);
  await filler.fill("a");
});

test("a storage that fills by itself is only asked how far it is", async (t) => {
  const work = new Work();
  const filler = work.filler(false);
  await filler.fill("a");
  await filler.round(filling);
  t.deepEqual([work.begun, work.heard], [[], ["a filling"]]);
});
