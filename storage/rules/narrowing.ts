import type { AppRecord } from "../records/app.ts";
import { matchesGlob } from "./glob.ts";

/**
 * Whether a volume that asks for `services` asks for no more than its app allows. Both rules are applied at a mount,
 * so this decides only what may be written down; it errs on the side of refusing.
 */
export function narrowsServices(services: readonly string[], app: AppRecord): boolean {
  if (app.services === "first") {
    const { owner } = app;
    return (
      owner === null ||
      services.every((service) => service === "first" || covers(owner.name, service))
    );
  }
  const rules = app.services;
  return services.every((service) => rules.some((rule) => covers(rule, service)));
}

/** Whether a volume that asks for `hosts` asks for no more than its app allows. */
export function narrowsHosts(hosts: readonly string[], app: AppRecord): boolean {
  return hosts.every((host) => app.hosts.some((rule) => coversHosts(rule, host)));
}

/** Whether two lists say the same, in whatever order. */
export function sameList(a: readonly string[], b: readonly string[]): boolean {
  const left = new Set(a);
  return left.size === new Set(b).size && b.every((item) => left.has(item));
}

// A stack's services are called `stack_service`, a project's `project/service`.
function covers(rule: string, service: string): boolean {
  return (
    rule === "*" ||
    service === rule ||
    service.startsWith(`${rule}/`) ||
    service.startsWith(`${rule}_`)
  );
}

// The asked pattern is matched as text, so `*` must cover a `*`: then everything it matches is covered.
function coversHosts(rule: string, asked: string): boolean {
  return matchesGlob(rule.toLowerCase(), asked.toLowerCase(), (character) => character !== "*");
}
