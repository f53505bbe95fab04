import { readFile } from "node:fs/promises";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import { rootApp } from "../../storage/rules/names.ts";
import type { ServerSettings } from "../settings.ts";
import { AllowedHosts } from "./allowed-hosts.ts";
import { type DeclaredApp, distinctApps } from "./declared-apps.ts";
import { parsePolicyFile, type StaticGrant } from "./policy-file.ts";

/** Everything the administrator of the storage node decided, from variables and policy file together. */
export class Policy {
  readonly allowedHosts: AllowedHosts;
  readonly apps: readonly DeclaredApp[];
  readonly static: readonly StaticGrant[];
  readonly strict: boolean;
  readonly #adminNodes: readonly string[];
  readonly #rootNodes: readonly string[];

  constructor(
    settings: Pick<ServerSettings, "allowedHosts" | "strict" | "adminNodes" | "rootNodes">,
    apps: readonly DeclaredApp[],
    grants: readonly StaticGrant[],
  ) {
    this.allowedHosts = new AllowedHosts(settings.allowedHosts);
    this.apps = apps;
    this.static = grants;
    this.strict = settings.strict;
    this.#adminNodes = settings.adminNodes;
    this.#rootNodes = settings.rootNodes;
  }

  /** What was declared of an app, or null. */
  declared(app: string): DeclaredApp | null {
    return this.apps.find((declared) => declared.app === app) ?? null;
  }

  /** Throws `denied` if a volume of this app may not be made here. */
  checkApp(app: string): void {
    if (!this.strict || app === rootApp || this.declared(app) !== null) return;
    throw new UserError(
      "denied",
      `app "${app}" is not declared on this storage node, which takes no other (SWARMNFS_STRICT=on). Declared: ${this.apps.map((declared) => declared.app).join(", ") || "none"}. To allow it, add it there to SWARMNFS_APPS or the policy file`,
    );
  }

  /** Unlike `hosts` of apps, this means the very name that was enrolled: it gives more than one app. */
  isAdmin(node: string): boolean {
    return isNamed(this.#adminNodes, node);
  }

  /** Whether this very node may have the whole storage as a volume. */
  isRoot(node: string): boolean {
    return isNamed(this.#rootNodes, node);
  }

  /** Throws `denied` unless this very node may have the whole storage as a volume. */
  checkRoot(volume: string, node: string): void {
    if (this.isRoot(node)) return;
    throw new UserError(
      "denied",
      `"${volume}" is the whole storage, which only nodes have that its server names (SWARMNFS_ROOT_NODES: ${this.#rootNodes.join(", ") || "none"}); this is node "${node}". To allow it, add it there and restart the server`,
    );
  }
}

function isNamed(names: readonly string[], node: string): boolean {
  return names.some((name) => name.toLowerCase() === node.toLowerCase());
}

/** Throws `UserError` (invalid) if the policy file cannot be read or contradicts the variables. */
export async function loadPolicy(
  settings: ServerSettings,
  read: (file: string) => Promise<string> = (file) => readFile(file, "utf8"),
): Promise<Policy> {
  const { policyFile } = settings;
  if (policyFile === null) return new Policy(settings, settings.apps, []);
  const file = parsePolicyFile(await text(policyFile, read), policyFile);
  try {
    const policy = new Policy(
      settings,
      distinctApps([...settings.apps, ...file.apps]),
      file.static,
    );
    if (settings.tls && policy.static.length > 0)
      throw new UserError(
        "invalid",
        "hosts without a plugin have no certificate, and with SWARMNFS_TLS=on nobody mounts without one. Leave out either that or `static`",
      );
    for (const { hosts } of policy.static)
      for (const host of hosts)
        if (host.kind === "address") policy.allowedHosts.check(null, host.address);
    return policy;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError("invalid", `${policyFile} and the variables together: ${error.message}`);
  }
}

async function text(file: string, read: (file: string) => Promise<string>): Promise<string> {
  try {
    return await read(file);
  } catch (error) {
    throw new UserError(
      "invalid",
      `SWARMNFS_POLICY_FILE=${file} cannot be read: ${messageOf(error)}. Is it mounted into the container?`,
      { cause: error },
    );
  }
}
