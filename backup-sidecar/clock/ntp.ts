import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { UserError } from "../../service/user-error.ts";
import { uptimeMs } from "./uptime.ts";

/** Seconds between NTP's epoch, 1900, and ours, 1970 (RFC 5905, figure 4). */
const epochSeconds = 2_208_988_800;
const packetBytes = 48;
/** An answer that took longer says little about the time. */
const answerMs = 3_000;

/**
 * Milliseconds to add to this machine's clock to have a server's (RFC 5905, as a client of one question). `server` is a name
 * or an address, with `:port` if it is not 123. Throws `unavailable` when it does not answer within 3 s, or says that it
 * does not know the time itself.
 */
export async function ntpOffset(
  server: string,
  now: () => number,
  signal?: AbortSignal,
): Promise<number> {
  const { host, port } = addressOf(server);
  const silent = (): UserError =>
    new UserError(
      "unavailable",
      `the time server ${server} did not answer within ${answerMs / 1000} s`,
    );
  const limit = AbortSignal.any([AbortSignal.timeout(answerMs), ...(signal ? [signal] : [])]);
  const { address, family } = await untilAborted(lookup(host), limit, silent).catch(
    (error: unknown) => {
      throw error instanceof UserError
        ? error
        : new UserError("unavailable", `the time server ${server} is not known by that name`, {
            cause: error,
          });
    },
  );
  const question = Buffer.alloc(packetBytes);
  question.writeUInt8(0b00_100_011, 0); // no warning, version 4, client
  // What it must send back: random, so that nobody answers who has not seen the question.
  const stamp = randomBytes(8);
  stamp.copy(question, 40);
  const socket = createSocket(family === 6 ? "udp6" : "udp4");
  const answered = Promise.withResolvers<number>();
  let sent = 0;
  let sentAt = 0;
  socket.on("error", (cause) =>
    answered.reject(
      new UserError("unavailable", `the time server ${server} cannot be reached`, { cause }),
    ),
  );
  socket.on("message", (answer) => {
    if (answer.length < packetBytes || !answer.subarray(24, 32).equals(stamp)) return;
    const travelled = uptimeMs() - sent;
    const refusal = refusalOf(answer);
    if (refusal !== null)
      answered.reject(new UserError("unavailable", `the time server ${server} ${refusal}`));
    else answered.resolve(offsetOf(answer, sentAt, sentAt + travelled));
  });
  try {
    socket.connect(port, address, () => {
      sent = uptimeMs();
      sentAt = now();
      socket.send(question);
    });
    return await untilAborted(answered.promise, limit, silent);
  } finally {
    socket.close();
  }
}

/** ((T2 - T1) + (T3 - T4)) / 2. */
function offsetOf(answer: Buffer, sentAt: number, receivedAt: number): number {
  return (timeAt(answer, 32) - sentAt + (timeAt(answer, 40) - receivedAt)) / 2;
}

/** Eras last 136 years; the one that began in 2036 has its first bit unset (RFC 5905, section 6). */
function timeAt(packet: Buffer, at: number): number {
  const whole = packet.readUInt32BE(at);
  const era = whole < 0x80000000 ? 0x100000000 : 0;
  return (whole + era - epochSeconds + packet.readUInt32BE(at + 4) / 0x100000000) * 1000;
}

function refusalOf(answer: Buffer): string | null {
  const first = answer.readUInt8(0);
  const stratum = answer.readUInt8(1);
  if ((first & 0b111) !== 4) return "sent something that is no answer";
  if (stratum === 0) return `refuses to answer (${answer.subarray(12, 16).toString("latin1")})`;
  if (stratum > 15 || first >> 6 === 3) return "does not know the time itself";
  if (answer.readUInt32BE(40) === 0) return "sent no time";
  return null;
}

function addressOf(server: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, port] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(server) ?? [];
  return { host: bracketed ?? plain ?? server, port: port === undefined ? 123 : Number(port) };
}

async function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  late: () => Error,
): Promise<T> {
  const over = Promise.withResolvers<never>();
  const onAbort = (): void => over.reject(late());
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
