import { Router } from "express";
import * as z from "zod";
import type { Log } from "../service/log.ts";
import { UserError } from "../service/user-error.ts";
import { benchProfiles } from "../storage/bench-report.ts";
import type { Said, Work, Works } from "../storage/works.ts";
import { failureOf, readBody } from "./verbs-api.ts";

/** One function a work. It ends soon after `signal` aborts: nobody waits any more. */
export type WorkHandlers = {
  readonly [Name in Work]: (
    request: Works[Name]["request"],
    tell: (progress: Works[Name]["progress"]) => void,
    signal: AbortSignal,
  ) => Promise<Works[Name]["answer"]>;
};

const requests: { readonly [Name in Work]: z.ZodType<Works[Name]["request"]> } = {
  Bench: z.strictObject({
    volume: z.string(),
    quick: z.boolean(),
    profile: z.enum(benchProfiles).nullable(),
  }),
  Import: z.strictObject({
    source: z.string(),
    app: z.string(),
    volume: z.string(),
    live: z.boolean(),
  }),
  Export: z.strictObject({ volume: z.string(), target: z.string(), live: z.boolean() }),
};

/** The verbs that take long, beside the others on the same socket; they say how far they are, a line each time. */
export function createWorksApi(handlers: WorkHandlers, log: Log): Router {
  const router = Router();
  for (const work of Object.keys(requests) as Work[]) route(work);
  return router;

  function route(work: Work): void {
    router.post(`/Swarmnfs.${work}`, async (request, response) => {
      const over = new AbortController();
      response.on("close", () => over.abort());
      response.on("error", () => over.abort());
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      const say = (said: Said<Work>): void => void response.write(`${JSON.stringify(said)}\n`);
      try {
        const parsed = requests[work].safeParse(readBody(request.body));
        if (!parsed.success) throw new UserError("invalid", z.prettifyError(parsed.error));
        // The schema of this very work has just said that this is its handler's request.
        const handle = handlers[work] as (
          checked: unknown,
          tell: (progress: Works[Work]["progress"]) => void,
          signal: AbortSignal,
        ) => Promise<Works[Work]["answer"]>;
        say({ answer: await handle(parsed.data, (progress) => say({ progress }), over.signal) });
      } catch (error) {
        const failure = failureOf(error);
        if (failure.code === "internal" && !over.signal.aborted)
          log.error({ verb: work, err: error }, "failed");
        say({ failure });
      }
      response.end();
    });
  }
}
