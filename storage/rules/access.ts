import { UserError } from "../../service/user-error.ts";
import type { AppOwner, AppRecord } from "../records/app.ts";
import type { VolumeRecord } from "../records/volume.ts";
import { matchesGlob } from "./glob.ts";

/** Who wants a volume, as far as the engine's own facts prove it. */
export type Consumer =
  | {
      readonly kind: "service";
      readonly service: string;
      readonly stack: string | null;
      readonly container: string;
    }
  | {
      readonly kind: "compose";
      readonly project: string;
      readonly service: string;
      readonly container: string;
    }
  | { readonly kind: "container"; readonly container: string }
  /** Labels that contradict each other or what the engine says: never allowed. */
  | { readonly kind: "forged"; readonly reason: string; readonly container: string };

export interface AccessQuestion {
  readonly app: AppRecord;
  readonly volume: VolumeRecord;
  readonly node: string;
  /** All that could be the one who asks. All of them must be allowed: what is ambiguous is denied. */
  readonly consumers: readonly Consumer[];
  /** Names that may mount `root` volumes. */
  readonly rootServices: readonly string[];
}

export type Decision =
  | {
      readonly allow: true;
      /** The rule that allowed it, for the audit line. */
      readonly rule: string;
      /** Who takes the app by this mount; null when it is taken, needs no owner, or stays open. */
      readonly claim: Omit<AppOwner, "since"> | null;
    }
  | { readonly allow: false; readonly error: UserError };

/** Says who may mount what, and where. Pure: everything it decides by is in the question. */
export function decide(question: AccessQuestion): Decision {
  const { app, volume, node } = question;
  const places = [
    { hosts: app.hosts, change: `apps set ${app.app}` },
    { hosts: volume.hosts ?? ["*"], change: `volumes set ${volume.name}` },
  ];
  for (const { hosts, change } of places) {
    if (!hostAllowed(hosts, node))
      return deny(
        `"${volume.name}" may be mounted on ${hosts.join(", ")}; this is node "${node}". To allow it: swarmnfs ${change} hosts=${[...hosts, node].join(",")}`,
      );
  }
  const rules: string[] = [];
  for (const consumer of question.consumers) {
    const refusal = refusalOf(consumer, question);
    if (refusal !== null) return deny(`${refusal}${otherCandidates(question.consumers, consumer)}`);
    rules.push(`${describe(consumer)} by services=${rulesText(app)}`);
  }
  const claims =
    volume.root || app.services !== "first" || app.owner !== null
      ? []
      : question.consumers.flatMap(ownerBy);
  if (new Set(claims.map((claim) => `${claim.kind} ${claim.name}`)).size > 1) {
    return deny(
      `"${volume.name}" belongs to whoever mounts it first, and ${question.consumers.map(describe).join(" and ")} could be the one that starts. Start one of them alone, or say who owns it: swarmnfs apps set ${app.app} services=NAME`,
    );
  }
  return { allow: true, rule: rules.join("; ") || "nobody asks", claim: claims[0] ?? null };
}

/** In words for people: `service "blog_web"`. */
export function describe(consumer: Consumer): string {
  switch (consumer.kind) {
    case "service":
      return `service "${consumer.service}"`;
    case "compose":
      return `compose project "${consumer.project}" (service "${consumer.service}")`;
    case "container":
    case "forged":
      return `container "${consumer.container}"`;
  }
}

/** Whether `node` matches one of the names or globs, whatever the case, with or without its domain. */
export function hostAllowed(hosts: readonly string[], node: string): boolean {
  const names = [node.toLowerCase(), node.toLowerCase().split(".")[0] ?? ""];
  return hosts.some((host) => names.some((name) => matchesGlob(host.toLowerCase(), name)));
}

/** Why this consumer may not, or null. */
function refusalOf(consumer: Consumer, question: AccessQuestion): string | null {
  const { app, volume, rootServices } = question;
  if (consumer.kind === "forged") {
    return `${describe(consumer)} is not what its labels say: ${consumer.reason}. Remove these labels from it`;
  }
  if (volume.root) {
    if (rootServices.some((name) => matchesExactly(name, consumer))) return null;
    return `"${volume.name}" is the whole storage: only ${quoted(rootServices) || "nobody"} may mount it; this is ${describe(consumer)}. To allow a service: docker plugin set swarmnfs SWARMNFS_ROOT_SERVICES=NAME`;
  }
  if (app.services === "first") {
    const { owner } = app;
    if (owner === null || owns(owner, consumer)) return narrowed(consumer, question);
    return `"${volume.name}" belongs to ${ownerText(owner)}, which mounted it first; this is ${describe(consumer)}. To allow it: swarmnfs apps set ${app.app} services=${listed([owner.name, ruleFor(consumer)])}`;
  }
  if (!app.services.some((rule) => rule === "*" || matches(rule, consumer))) {
    return `"${volume.name}" belongs to app "${app.app}": ${whoMay(app.services)} may mount it; this is ${describe(consumer)}. To allow it: swarmnfs apps set ${app.app} services=${listed([...app.services, ruleFor(consumer)])}`;
  }
  return narrowed(consumer, question);
}

/** The volume's own rule, which can only narrow the app's. */
function narrowed(consumer: Consumer, { volume }: AccessQuestion): string | null {
  const rules = volume.services;
  if (rules === null || rules.some((rule) => rule === "*" || matches(rule, consumer))) return null;
  return `"${volume.name}" is for ${whoMay(rules)} alone; this is ${describe(consumer)}. To allow it: swarmnfs volumes set ${volume.name} services=${listed([...rules, ruleFor(consumer)])}`;
}

function matches(rule: string, consumer: Consumer): boolean {
  switch (consumer.kind) {
    case "service":
      return rule === consumer.service || rule === consumer.stack;
    case "compose":
      return rule === consumer.project || rule === `${consumer.project}/${consumer.service}`;
    case "container":
      return (
        rule === consumer.container ||
        ["-", "_"].some((joint) => consumer.container.startsWith(rule + joint))
      );
    case "forged":
      return false;
  }
}

/** As `matches`, but a container needs the very name: for what gives away the whole storage. */
function matchesExactly(rule: string, consumer: Consumer): boolean {
  return consumer.kind === "container" ? rule === consumer.container : matches(rule, consumer);
}

function ownerBy(consumer: Consumer): Omit<AppOwner, "since">[] {
  if (consumer.kind === "service") {
    return [
      consumer.stack === null
        ? { kind: "service", name: consumer.service }
        : { kind: "stack", name: consumer.stack },
    ];
  }
  // Plain containers may use it until somebody with a lasting name comes.
  return consumer.kind === "compose" ? [{ kind: "project", name: consumer.project }] : [];
}

function owns(owner: AppOwner, consumer: Consumer): boolean {
  return ownerBy(consumer).some((claim) => claim.kind === owner.kind && claim.name === owner.name);
}

function ownerText(owner: AppOwner): string {
  return owner.kind === "project"
    ? `compose project "${owner.name}"`
    : `${owner.kind} "${owner.name}"`;
}

/** What one would write into `services` to allow this consumer. */
function ruleFor(consumer: Consumer): string {
  switch (consumer.kind) {
    case "service":
      return consumer.stack ?? consumer.service;
    case "compose":
      return consumer.project;
    case "container":
    case "forged":
      return consumer.container;
  }
}

function whoMay(rules: readonly string[]): string {
  const pairs = rules.filter((rule) => rule.includes("/"));
  const names = rules.filter((rule) => !rule.includes("/"));
  const parts = [
    ...(names.length === 0 ? [] : [`the stack, compose project or service ${quoted(names)}`]),
    ...(pairs.length === 0 ? [] : [`the compose service ${quoted(pairs)}`]),
    ...(names.length === 0 ? [] : [`containers called ${containerNames(names)}`]),
  ];
  return parts.length === 0 ? "nobody" : enumerated(parts, "and");
}

function containerNames(names: readonly string[]): string {
  return enumerated(
    names.flatMap((name) => [name, `${name}-…`, `${name}_…`]),
    "or",
  );
}

/** `a, b or c`. */
function enumerated(words: readonly string[], last: "and" | "or"): string {
  const front = words.slice(0, -1).join(", ");
  return front === "" ? (words[0] ?? "") : `${front} ${last} ${words.at(-1)}`;
}

/** As one writes it into an option, nothing twice. */
function listed(rules: readonly string[]): string {
  return [...new Set(rules)].join(",");
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

function rulesText(app: AppRecord): string {
  return app.services === "first" ? "first" : app.services.join(",");
}

function otherCandidates(consumers: readonly Consumer[], denied: Consumer): string {
  const others = consumers.filter((consumer) => consumer !== denied);
  if (others.length === 0) return "";
  return ` (${others.map(describe).join(" or ")} could be the one that starts as well; remove the container that is not needed)`;
}

function deny(reason: string): Decision {
  return { allow: false, error: new UserError("denied", reason) };
}
