import test from "ava";
import { type Rival, takeover } from "../../../nfs-server/leases/takeover.ts";

const rival: Rival = {
  nodeId: "01953f5e-0000-7000-8000-000000000001",
  node: "node1",
  condition: "live",
  consumers: ["service db"],
  silentMs: 3_000,
  absentMs: 0,
  answer: "not asked",
};

function decided(...rivals: Partial<Rival>[]): string {
  const all = rivals.map((each): Rival => Object.assign({}, rival, each));
  const step = takeover({ volume: "x", exclusive: true, rivals: all, damaged: null });
  return step.kind === "refuse" ? `refuse: ${step.error.message}` : step.kind;
}

for (const [title, rivals, expected] of [
  ["nobody else has", [], "grant"],
  ["a live node has", [{}], "ask"],
  ["a node has that renews, but not this", [{ condition: "lapsed" }], "ask"],
  ["such a node has that says nothing", [{ condition: "lapsed", answer: "none" }], "take back"],
  ["a silent node has", [{ condition: "silent" }], "fence"],
  ["a node has that was begun to be fenced", [{ condition: "fenced" }], "fence"],
  ["a live and a silent node have", [{ condition: "silent" }, {}], "ask"],
] as const) {
  test(`a volume that ${title}: ${expected}`, (t) => {
    t.is(decided(...rivals), expected);
  });
}

test("whoever uses it keeps it, and nobody is fenced beside", (t) => {
  t.regex(
    decided({ condition: "silent" }, { node: "node3", answer: { inUseBy: ["service db"] } }),
    /^refuse: "x" may be mounted on one node at a time, and is in use on "node3" \(service db\)/,
  );
});

test("a plugin that is away on purpose is waited for, for as long as it said", (t) => {
  t.regex(
    decided({ condition: "absent", absentMs: 119_000, silentMs: 300_000 }),
    /^refuse: .*"node1" has it; its plugin is being restarted or upgraded\. Try again in 1 m 59 s/,
  );
});

test("a live node that did not answer is named, with what uses the volume there by its last word", (t) => {
  t.regex(decided({ answer: "none" }), /"node1" has it \(service db\); .* it did not say in time/);
});

test("what is given to one node alone is not shared with a newcomer that would share", (t) => {
  const step = takeover({
    volume: "x",
    exclusive: false,
    rivals: [{ ...rival, answer: "none" }],
    damaged: null,
  });
  t.is(step.kind, "refuse");
});

test("a lease that cannot be read stands in the way of exclusive leases alone", (t) => {
  const damaged = { file: "/leases/x@1.json", reason: "it is empty" };
  const question = { volume: "x", rivals: [], damaged };
  t.is(takeover({ ...question, exclusive: true }).kind, "refuse");
  t.is(takeover({ ...question, exclusive: false }).kind, "grant");
});
