import { Router } from "express";
import * as z from "zod";
import type { Log } from "../service/log.ts";
import { UserError, type UserErrorCode } from "../service/user-error.ts";
import { timeSchema } from "../storage/records/fields.ts";
import type { Verb, VerbFailure, Verbs } from "../storage/verbs.ts";
import { messageOf } from "../service/message-of.ts";

/** One function a verb: what `/Swarmnfs.<Verb>` answers. */
export type VerbHandlers = {
  readonly [Name in Verb]: (request: Verbs[Name]["request"]) => Promise<Verbs[Name]["answer"]>;
};

const names = z.array(z.string());
const size = z.int().min(1).nullable();
const volumeChange = z.strictObject({
  services: names.nullable().exactOptional(),
  hosts: names.nullable().exactOptional(),
  access: z.enum(["shared", "exclusive", "readonly"]).exactOptional(),
  size: size.exactOptional(),
  onRemove: z.enum(["archive", "delete", "retain"]).exactOptional(),
  backup: z.string().exactOptional(),
  mountOptions: names.exactOptional(),
});
const appChange = z.strictObject({
  services: z.union([z.literal("first"), names]).exactOptional(),
  hosts: names.exactOptional(),
  size: size.exactOptional(),
});
const nothing = z.record(z.string(), z.never());

const requests: { readonly [Name in Verb]: z.ZodType<Verbs[Name]["request"]> } = {
  Status: nothing,
  Examine: z.strictObject({ path: z.string() }),
  Adopt: z.strictObject({ path: z.string(), app: z.string(), volume: z.string() }),
  Volumes: z.strictObject({ drift: z.boolean().exactOptional() }),
  Volume: z.strictObject({ name: z.string() }),
  SetVolume: z.strictObject({ name: z.string(), change: volumeChange }),
  CloneVolume: z.strictObject({ name: z.string(), as: z.string() }),
  RemoveVolume: z.strictObject({ name: z.string() }),
  Nodes: nothing,
  Leases: nothing,
  Apps: nothing,
  App: z.strictObject({ app: z.string() }),
  SetApp: z.strictObject({ app: z.string(), change: appChange }),
  Review: z.strictObject({ since: timeSchema }),
  RemoveUnused: z.strictObject({
    name: z.string(),
    id: z.uuid(),
    lastUse: timeSchema.nullable(),
  }),
  Staging: z.strictObject({ before: timeSchema }),
  RemoveStaging: z.strictObject({ name: z.string().max(300), before: timeSchema }),
  DockerWaste: z.strictObject({ before: timeSchema }),
  RemoveWaste: z.strictObject({
    kind: z.enum(["container", "image", "volume", "build-cache"]),
    id: z.string().max(200),
    before: timeSchema,
  }),
  Trash: nothing,
  Undelete: z.strictObject({ entry: z.string(), as: z.string().nullable() }),
  Purge: z.strictObject({ entries: names }),
  Join: z.strictObject({ token: z.string().max(1000) }),
  Doctor: z.strictObject({ fix: z.boolean().exactOptional() }),
  ExamineCluster: nothing,
  ClusterExamination: z.strictObject({ id: z.uuid() }),
};

const statuses: Partial<Record<UserErrorCode, number>> = {
  "not-found": 404,
  conflict: 409,
  "in-use": 409,
  denied: 403,
  unavailable: 503,
  full: 507,
};

/** The verbs of the `swarmnfs` command, beside Docker's on the same socket, which only root can open. */
export function createVerbsApi(handlers: VerbHandlers, log: Log): Router {
  const router = Router();
  for (const verb of Object.keys(requests) as Verb[]) route(verb);
  return router;

  function route(verb: Verb): void {
    router.post(`/Swarmnfs.${verb}`, async (request, response) => {
      try {
        const schema: z.ZodType = requests[verb];
        const parsed = schema.safeParse(readBody(request.body));
        if (!parsed.success) throw new UserError("invalid", z.prettifyError(parsed.error));
        // The schema of this very verb has just said that this is its handler's request.
        const handle = handlers[verb] as (checked: unknown) => Promise<unknown>;
        response.json(await handle(parsed.data));
      } catch (error) {
        const failure = failureOf(error);
        if (failure.code === "internal") log.error({ verb, err: error }, "failed");
        response.status(
          statuses[failure.code as UserErrorCode] ?? (failure.code === "internal" ? 500 : 400),
        );
        response.json(failure);
      }
    });
  }
}

/** A request's body as JSON; an empty one asks for nothing in particular. Throws `SyntaxError`. */
export function readBody(text: unknown): unknown {
  return typeof text === "string" && text.trim() !== "" ? (JSON.parse(text) as unknown) : {};
}

/** An error as it is told to the command. */
export function failureOf(error: unknown): VerbFailure {
  if (error instanceof UserError) return { code: error.code, message: error.message };
  if (error instanceof SyntaxError) return { code: "invalid", message: "the request is not JSON" };
  return { code: "internal", message: messageOf(error) };
}
