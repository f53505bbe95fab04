// The backup service in a process of its own, which does what it is told by its parent.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { assemble } from "../../backup-sidecar/backup.ts";
import type { AnsweredVerb, Talk } from "../../backup-sidecar/control/commands.ts";
import { openStoragePlace } from "../../backup-sidecar/operations/storage-place.ts";
import { parseSettings } from "../../backup-sidecar/settings.ts";
import { noHooks } from "../../service/hooks/hooks.ts";
import { systemClock } from "../../service/clock.ts";
import { createLog } from "../../service/log.ts";
import { messageOf } from "../../service/message-of.ts";

const [, , work = "", restic = ""] = process.argv;
const settings = parseSettings(process.env);
const log = createLog("bench", { level: "silent", format: "json" });
const own = (folder: string): string => path.join(work, folder);
for (const folder of ["state", "views/source", "views/restore", "cache", "tmp"])
  await mkdir(own(folder), { recursive: true });
const backup = await assemble({
  settings,
  environment: process.env,
  place: await openStoragePlace(settings.storage, settings.state, log),
  restic,
  passwordFile: path.join(work, "password"),
  views: own("views"),
  cache: own("cache"),
  temporary: own("tmp"),
  hooks: noHooks,
  tell: async () => undefined,
  clock: systemClock,
  log,
});
const talk: Talk<AnsweredVerb> = {
  progress: () => undefined,
  note: () => undefined,
  item: async () => undefined,
  signal: new AbortController().signal,
};
process.on("message", (question: { verb: AnsweredVerb; request: never }) => {
  void answer(question).then((failure) => process.send?.({ failure }));
});
process.on("disconnect", () => void backup.stop().then(() => process.exit(0)));
process.send?.({ ready: true });

async function answer({
  verb,
  request,
}: {
  verb: AnsweredVerb;
  request: never;
}): Promise<string | null> {
  try {
    const result: unknown = await backup.commands[verb](request, talk);
    const text = JSON.stringify(result);
    return /"outcome":"(failed|partial|degraded|suspect)"|"ok":false/.test(text) ? text : null;
  } catch (error) {
    return messageOf(error);
  }
}
