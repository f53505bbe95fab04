/** The address in `10.0.0.5:/volume1/swarm` or `[fd00::5]:/volume1/swarm`; null of what is no server's. */
export function addressOf(source: string): string | null {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^/:]+)):\//.exec(source) ?? [];
  return bracketed ?? plain ?? null;
}
