import { isIP } from "node:net";
import * as z from "zod";

/** Where something listens in the network. */
export interface ListenPlace {
  readonly address: string;
  readonly port: number;
}

const loopback = "127.0.0.1";

/** The schema of a setting that is `off`, `PORT` (this machine alone), or `ADDRESS:PORT`; null: off. */
export const listenPlace = z.string().transform((text, context): ListenPlace | null => {
  if (text === "off") return null;
  const [, before = loopback, digits = ""] = /^(?:(.*):)?(\d{1,5})$/.exec(text) ?? [];
  const address = before.replace(/^\[(.*)\]$/, "$1");
  const port = Number(digits);
  // An IPv6 address without brackets could end in a port or not.
  const isVague = before.includes(":") && !before.startsWith("[");
  if (isIP(address) !== 0 && !isVague && port >= 1 && port <= 65_535) return { address, port };
  context.addIssue(
    "off is expected, a port (this machine alone), or an address of this machine and a port: 2062, 10.0.0.11:2062, 0.0.0.0:2062, [::]:2062",
  );
  return z.NEVER;
});

/** As one would write the setting. */
export function formatListenPlace(place: ListenPlace | null): string {
  if (place === null) return "off";
  const { address, port } = place;
  if (address === loopback) return String(port);
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}
