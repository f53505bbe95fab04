import { resolve } from "node:path";
import { didYouMean } from "../service/nearest.ts";
import type { Call, ExitCode } from "./call.ts";
import type { Part } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

const topic = "backup key";
const actions = ["list", "add", "remove"];

/** `backup key list|add|remove APP [FILE|KEY]`. */
export async function manageKeys(call: Call): Promise<ExitCode> {
  const [action = "", app = "", thing] = call.operands;
  if (action === "list" && thing === undefined) return list(call, app);
  if (action === "add" && thing !== undefined) return add(call, app, thing);
  if (action === "remove" && thing !== undefined) return remove(call, app, thing);
  if (!actions.includes(action))
    throw new UsageError(
      `"${action}" is none of ${actions.join(", ")}${didYouMean(action, actions)}`,
      topic,
    );
  throw new UsageError(
    action === "list"
      ? `"${thing}" is one word too many: swarmnfs backup key list APP`
      : `"backup key ${action}" needs more to go by: swarmnfs backup key ${action} APP ${action === "add" ? "FILE" : "KEY"}`,
    topic,
  );
}

async function list(call: Call, app: string): Promise<ExitCode> {
  const answer = await call.backup.ask("keyList", { app }, "reading the keys");
  const { screen, moments } = call;
  if (call.options.json) {
    screen.json(answer);
    return 0;
  }
  screen.table(
    [{ title: "KEY" }, { title: "MADE BY" }, { title: "CREATED" }, { title: "USED BY" }],
    answer.keys.map((key): Part[] => [
      key.id.slice(0, 8),
      `${key.user}@${key.host}`,
      moments.ago(key.created),
      key.current ? "this service" : screen.symbols.none,
    ]),
  );
  return 0;
}

async function add(call: Call, app: string, file: string): Promise<ExitCode> {
  const request = { app, passwordFile: resolve(file) };
  const answer = await call.backup.ask("keyAdd", request, "adding a key");
  if (call.options.json) call.screen.json(answer);
  else
    call.screen.paragraph(
      `The password in ${file} opens the repository of "${app}" from now on, as key ${answer.key.slice(0, 8)}. Keep it somewhere else`,
    );
  return 0;
}

async function remove(call: Call, app: string, key: string): Promise<ExitCode> {
  const answer = await call.backup.ask("keyRemove", { app, key }, "removing a key");
  if (call.options.json) call.screen.json(answer);
  else call.screen.line(`Key ${key} opens the repository of "${app}" no more`);
  return 0;
}
