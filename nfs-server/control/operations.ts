import type { Log } from "../../service/log.ts";
import { UserError } from "../../service/user-error.ts";
import { version } from "../../service/version.ts";
import type { AppRecord } from "../../storage/records/app.ts";
import type { Storage } from "../../storage/storage.ts";
import type { AnswerOf, RouteName } from "../../storage/swarmnfs/protocol/routes.ts";
import type { LiveNode } from "../nodes/live-node.ts";
import type { Nodes } from "../nodes/nodes.ts";
import type { StaticGrants } from "../policy/static-grants.ts";
import { CatalogAnswers } from "./catalog-answers.ts";
import type { Operation, Operations } from "./operation.ts";
import type { HookCalls } from "./hook-calls.ts";
import { RollCalls } from "./roll-calls.ts";
import { RuleChanges } from "./rule-changes.ts";
import { asNode, refuseElsewhere, sees } from "./sight.ts";
import { identity, given, type VolumeParts, VolumeOperations } from "./volume-operations.ts";

export interface OperationParts extends VolumeParts {
  readonly nodes: Pick<Nodes, "enrol" | "certify" | "token" | "list" | "revoke" | "find">;
  /** Volumes of hosts without a plugin. */
  readonly statics: Pick<StaticGrants, "list" | "hostsOf">;
  /** The storage's id. */
  readonly id: string;
  readonly hooks: Pick<HookCalls, "answer">;
  /** Where NFS is served now. Throws `unavailable` while there is no address. */
  readonly nfs: () => AnswerOf<"storage">["nfs"];
  readonly isolation: AnswerOf<"storage">["isolation"];
  /** By what sizes of volumes are enforced. */
  readonly quota: () => Promise<AnswerOf<"storage">["quota"]>;
  /** What stands out about the server itself, in words for people. */
  readonly notes: () => readonly string[];
  readonly config: () => AnswerOf<"config">;
  readonly log: Log;
}

/** What answers each route of the control API. */
export function operations(parts: OperationParts): Operations {
  const { storage, leases, nodes, log } = parts;
  const volumes = new VolumeOperations(parts);
  const rules = new RuleChanges(parts);
  const rolls = new RollCalls(storage, leases);
  const catalog = new CatalogAnswers(storage, leases, parts.statics);
  const all: Operations = {
    enrol: ({ body, node }) => nodes.enrol(body, node.address),
    certify: ({ body, node }) => nodes.certify(node, body.request),
    token: ({ body }) => nodes.token(body),
    nodes: async () => ({ nodes: [...nodes.list()] }),
    revokeNode: ({ params }) => done(nodes.revoke(params.id)),
    unfenceNode: ({ params }) => done(leases.unfence(params.id)),

    storage: async () => ({
      id: parts.id,
      version,
      nfs: parts.nfs(),
      isolation: parts.isolation,
      quota: await parts.quota(),
    }),
    health: async () => {
      const health = await storage.health();
      return { ...health, notes: [...health.notes, ...parts.notes()] };
    },
    config: async () => parts.config(),
    catalog: ({ node, body }) => catalog.answer(node, body.seen),

    callRoll: ({ node, body }) => done(rolls.call(aNode(node), body)),
    answerRoll: ({ node, params, body }) => done(rolls.answer(aNode(node), params.id, body)),
    rollAnswers: ({ node, params }) => rolls.answers(node, params.id),
    endRoll: ({ node, params }) => done(rolls.end(node, params.id)),

    answerHook: ({ node, params, body }) => done(parts.hooks.answer(aNode(node), params.id, body)),

    review: ({ node, body }) => catalog.review(node, body.since),

    volume: ({ node, params }) => volumes.get(node, params.name),
    createVolume: ({ node, body }) => volumes.create(node, body),
    adoptVolume: ({ node, body }) => volumes.adopt(node, body),
    examine: async ({ body }) => volumes.examine(body.path),
    changeVolume: ({ node, params, body }) => rules.volume(node, params.name, given(body)),
    removeVolume: ({ node, params }) => volumes.remove(node, params.name),
    usage: async ({ node, params }) => {
      await volumes.get(node, params.name);
      return storage.usage(params.name);
    },

    attach: async ({ node, params, body }) => volumes.attach(aNode(node), params.name, body),
    detach: async ({ node, params }) => done(leases.detach(aNode(node), params.name)),
    renew: async ({ node, body, signal }) => leases.renew(aNode(node), body, signal),
    absence: async ({ node, body }) => done(leases.absence(aNode(node), body.forMs)),
    leases: ({ node }) => catalog.leases(node),
    revokeLease: ({ params }) => done(leases.revoke(params.id)),

    app: ({ node, params }) => appOf(storage, node, params.name),
    changeApp: ({ node, params, body }) => rules.app(node, params.name, given(body)),
    claimApp: async ({ node, params, body }) => {
      await appOf(storage, node.role === "backup" ? asNode(node) : node, params.name);
      const app = await storage.claimApp(params.name, body);
      leases.announceChange();
      return app;
    },

    trash: async ({ node }) => {
      const entries = await storage.trash();
      const visible = entries.filter(({ record }) => sees(node, record.volume, record.app));
      return { entries: visible.map(({ id, record }) => ({ id, record })) };
    },
    undelete: async ({ node, body }) => {
      const record = await storage.undelete(body.entry, body.as, identity(node));
      leases.announceChange();
      return record;
    },
    purge: async ({ node, body }) => ({
      purged: [...(await storage.purge(body.entries, identity(node)))],
    }),
  };
  return audited(all, log);
}

/** Every refusal leaves a line. */
function audited(all: Operations, log: Log): Operations {
  const each = Object.entries(all).map(([route, operation]) => {
    // Entries forget which operation belongs to which name; each is wrapped as it is.
    const original = operation as Operation<RouteName>;
    const wrapped: Operation<RouteName> = async (call) => {
      try {
        return await original(call);
      } catch (error) {
        if (error instanceof UserError && (error.code === "denied" || error.code === "in-use")) {
          const { node, params } = call;
          const facts = {
            route,
            ...params,
            node: node.name,
            nodeId: node.id,
            address: node.address,
          };
          log.warn({ audit: "deny", ...facts, reason: error.message }, "refused");
        }
        throw error;
      }
    };
    return [route, wrapped];
  });
  return Object.fromEntries(each) as Operations;
}

async function appOf(storage: Storage, node: LiveNode, name: string): Promise<AppRecord> {
  const app = await storage.getApp(name);
  if (app === null)
    throw new UserError("not-found", `there is no app "${name}". See: swarmnfs apps`);
  refuseElsewhere(node, app, null);
  return app;
}

/** Administrators on the storage node itself have no node that could have anything mounted. */
function aNode(node: LiveNode): LiveNode {
  if (node.address !== "") return node;
  throw new UserError("invalid", "volumes are mounted by nodes, and this is none");
}

async function done(work: Promise<unknown>): Promise<Record<string, never>> {
  await work;
  return {};
}
