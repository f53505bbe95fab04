import { connect } from "node:net";

/** What a TCP port does when it is knocked at. */
export type PortAnswer = "open" | "refused" | "no-route" | "silent";

export type Knock = (address: string, port: number) => Promise<PortAnswer>;

/** One connection, closed at once. Without an answer within the bound the port is silent; never rejects. */
export function knock(address: string, port: number, boundMs = 2000): Promise<PortAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: boundMs });
    const end = (answer: PortAnswer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end("open"));
    socket.once("timeout", () => end("silent"));
    socket.once("error", (error: NodeJS.ErrnoException) => end(meaning(error.code)));
  });
}

/** The first of several addresses that answers; if none does, what the first one does. All are asked at once. */
export async function firstOpen(
  addresses: readonly string[],
  port: number,
  knockAt: Knock,
): Promise<{ readonly address: string; readonly answer: PortAnswer }> {
  const answers = await Promise.all(
    addresses.map(async (address) => ({ address, answer: await knockAt(address, port) })),
  );
  const best = answers.find(({ answer }) => answer === "open") ?? answers[0];
  if (best === undefined) throw new Error("a server has no address");
  return best;
}

function meaning(code: string | undefined): PortAnswer {
  if (code === "ECONNREFUSED" || code === "ECONNRESET") return "refused";
  if (code === "ETIMEDOUT") return "silent";
  return "no-route"; // EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, EADDRNOTAVAIL (no IPv6 here) …
}
