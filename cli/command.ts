import { appCommands } from "./app-commands.ts";
import { backupCommands } from "./backup-commands.ts";
import { bringCommands } from "./bring-commands.ts";
import type { Command } from "./call.ts";
import { careCommands } from "./care-commands.ts";
import { nodeCommands } from "./node-commands.ts";
import { serverCommands } from "./server-commands.ts";
import { trashCommands } from "./trash-commands.ts";
import { volumeCommands } from "./volume-commands.ts";

/** Every command but `help`, in the order in which help shows them. Each is described in docs/cli.md. */
export const commands: readonly Command[] = [
  ...volumeCommands,
  ...appCommands,
  ...trashCommands,
  ...bringCommands,
  ...careCommands,
  ...nodeCommands,
  ...serverCommands,
  ...backupCommands,
].toSorted((a, b) => Number(a.name === "version") - Number(b.name === "version"));
