import { createSocket } from "node:dgram";
import { once } from "node:events";
import test, { type ExecutionContext } from "ava";
import { ntpOffset } from "../../../backup-sidecar/clock/ntp.ts";

const truth = Date.parse("2026-09-01T00:00:00Z");
const epoch = 2_208_988_800;

test("how far the clock is off is told to the millisecond, also after 2036", async (t) => {
  for (const now of [truth, Date.parse("2040-01-01T00:00:00Z")]) {
    const server = await timeServer(t, (answer) => stamp(answer, now + 5000));
    const offset = await ntpOffset(server, () => now);
    t.true(Math.abs(offset - 5000) < 500, String(offset));
  }
});

test("a server that refuses, does not know the time, or is not what was asked, is not believed", async (t) => {
  const refuses = await timeServer(t, (answer) => {
    stamp(answer, truth);
    answer.writeUInt8(0, 1);
    answer.write("RATE", 12, "latin1");
  });
  await t.throwsAsync(
    ntpOffset(refuses, () => truth),
    { message: /refuses to answer \(RATE\)/ },
  );
  const lost = await timeServer(t, (answer) => {
    stamp(answer, truth);
    answer.writeUInt8(0b11_100_100, 0);
  });
  await t.throwsAsync(
    ntpOffset(lost, () => truth),
    { message: /does not know the time itself/ },
  );
  const forged = await timeServer(t, (answer) => {
    stamp(answer, truth);
    answer.fill(7, 24, 32);
  });
  await t.throwsAsync(
    ntpOffset(forged, () => truth),
    { message: /did not answer within 3 s/ },
  );
  await t.throwsAsync(
    ntpOffset("no.such.host.invalid", () => truth),
    { message: /not known by that name/ },
  );
});

/** Answers as a time server does, then as `change` says. */
async function timeServer(t: ExecutionContext, change: (answer: Buffer) => void): Promise<string> {
  const socket = createSocket("udp4");
  socket.on("message", (question, from) => {
    const answer = Buffer.alloc(48);
    answer.writeUInt8(0b00_100_100, 0);
    answer.writeUInt8(2, 1);
    question.copy(answer, 24, 40, 48);
    change(answer);
    socket.send(answer, from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  t.teardown(() => socket.close());
  return `127.0.0.1:${socket.address().port}`;
}

function stamp(answer: Buffer, ms: number): void {
  for (const at of [32, 40]) {
    answer.writeUInt32BE((Math.floor(ms / 1000) + epoch) % 0x100000000, at);
    answer.writeUInt32BE(Math.floor(((ms % 1000) / 1000) * 0x100000000), at + 4);
  }
}
