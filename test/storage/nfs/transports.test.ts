import test from "ava";
import { CommandFailed } from "../../../storage/mounting/bounded-command.ts";
import type { PortAnswer } from "../../../storage/nfs/server-port.ts";
import { followServer, type Transport } from "../../../storage/nfs/transports.ts";

function follow(
  transports: readonly Transport[],
  port: Record<string, PortAnswer> = {},
  former = ["10.0.0.5"],
  address = "10.0.0.6",
): ReturnType<typeof followServer> {
  const knock = async (at: string): Promise<PortAnswer> => port[at] ?? "no-route";
  return followServer({ withTransports: (work) => work(transports) }, knock, former, address, 2049);
}

async function oneAnswers(address: string): Promise<PortAnswer> {
  return address === "10.0.0.4" ? "open" : "no-route";
}

/** A connection that notes where it is moved, or cannot be. */
function transport(address: string, port: number | null = 2049, fail?: Error): Transport & To {
  const to: string[] = [];
  return {
    address,
    port,
    to,
    move: async (where) => {
      if (fail !== undefined) throw fail;
      to.push(where);
    },
  };
}

interface To {
  readonly to: string[];
}

test("connections to a former address where nobody answers are moved, and no others", async (t) => {
  const left = transport("10.0.0.5");
  const unknownPort = transport("10.0.0.5", null);
  const others = [transport("10.0.0.5", 111), transport("10.0.0.7"), transport("10.0.0.6")];
  t.deepEqual(await follow([left, unknownPort, ...others]), []);
  t.deepEqual([left.to, unknownPort.to], [["10.0.0.6"], ["10.0.0.6"]]);
  t.deepEqual(
    others.flatMap(({ to }) => to),
    [],
  );
});

test("what still answers is left alone", async (t) => {
  const left = transport("10.0.0.5");
  t.deepEqual(await follow([left], { "10.0.0.5": "open" }), [
    { address: "10.0.0.5", state: "answers" },
  ]);
  t.deepEqual(left.to, []);
});

test("a former address without connections is nothing to speak of, and is not asked", async (t) => {
  t.deepEqual(await follow([], { "10.0.0.5": "open" }), []);
});

test("the kernel moves no IPv6 address, and breaks the connection that is asked to", async (t) => {
  const six = transport("fd00::5");
  t.deepEqual(await follow([six], {}, ["fd00::5"], "fd00::6"), [
    { address: "fd00::5", state: "fixed" },
  ]);
  const four = transport("10.0.0.5");
  t.deepEqual(await follow([four], {}, ["10.0.0.5"], "fd00::6"), [
    { address: "10.0.0.5", state: "fixed" },
  ]);
  t.deepEqual([...six.to, ...four.to], []);
});

test("a kernel that is busy with a connection is asked again, one that refuses is not", async (t) => {
  for (const [timedOut, state] of [
    [true, "busy"],
    [false, "fixed"],
  ] as const) {
    const failure = new CommandFailed("node", { reason: "…", timedOut, missing: false });
    t.deepEqual(await follow([transport("10.0.0.5", 2049, failure)]), [
      { address: "10.0.0.5", state },
    ]);
  }
});

test("of a kernel that shows nothing the worst is supposed", async (t) => {
  const effects = { withTransports: () => Promise.reject(new Error("ENOENT")) };
  t.deepEqual(await followServer(effects, oneAnswers, ["10.0.0.4", "10.0.0.5"], "10.0.0.6", 2049), [
    { address: "10.0.0.4", state: "answers" },
    { address: "10.0.0.5", state: "fixed" },
  ]);
});
