import { UserError } from "../service/user-error.ts";
import { hostAllowed } from "../storage/rules/access.ts";
import type { VolumeView } from "../storage/verbs.ts";
import { byName } from "./by-name.ts";
import type { Call } from "./call.ts";
import { plural } from "./plural.ts";
import { printable } from "./printable.ts";

/** A volume that a node has mounted and may not have by new rules. */
interface Loss {
  readonly volume: string;
  readonly node: string;
  readonly consumers: readonly string[];
}

/**
 * Says which nodes lose which of these volumes when they are for `hosts` alone, and asks. Only a storage node of ours takes
 * away what is mounted; elsewhere new rules hold from the next mount on. Answers whether to go on.
 */
export async function acceptsLosses(
  call: Call,
  views: readonly VolumeView[],
  hosts: readonly string[],
): Promise<boolean> {
  const losses = lossesOf(views, hosts);
  if (losses.length === 0 || call.options.yes) return true;
  const them = plural(losses.length, "mounted volume");
  if (call.options.json || !call.person.present) {
    throw new UserError(
      "invalid",
      `this takes ${them} away from running containers (${losses.map(inWords).join(", ")}), and nobody can be asked here. If it is meant, add --yes`,
    );
  }
  const { none } = call.screen.symbols;
  call.screen.table(
    [{ title: "VOLUME" }, { title: "IS TAKEN FROM" }, { title: "USED BY", wraps: true }],
    losses.map(({ volume, node, consumers }) => [volume, node, consumers.join(", ") || none]),
  );
  const answer = await call.person.ask(
    printable(`Take ${them} away from running containers? Type yes: `, true),
  );
  if (answer === "") call.aside.line();
  return /^y(es)?$/i.test(answer.trim());
}

function lossesOf(views: readonly VolumeView[], hosts: readonly string[]): readonly Loss[] {
  return views
    .filter(({ status }) => status.storage.startsWith("swarmnfs://"))
    .flatMap(({ record, uses }) =>
      uses
        .filter(({ node }) => !hostAllowed(hosts, node))
        .map(({ node, consumers }) => ({ volume: record.name, node, consumers })),
    )
    .toSorted((a, b) => byName(a.volume, b.volume) || byName(a.node, b.node));
}

function inWords({ volume, node }: Loss): string {
  return `"${volume}" on ${node}`;
}
