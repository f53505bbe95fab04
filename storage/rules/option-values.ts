import { parseSize } from "../../service/size.ts";
import { UserError } from "../../service/user-error.ts";
import type { AccessMode, OnRemove } from "../records/volume.ts";
import { checkCron } from "./cron.ts";
import { checkMountOption } from "./mount-options.ts";
import { checkAppName, checkVolumeName } from "./names.ts";

/** Every value parser throws `invalid` with what was expected; the caller adds the option's name. */

export function parseApp(text: string): string {
  checkAppName(text);
  return text;
}

/** Stack, service or project names, `project/service`, `*` for everyone, or `first` alone. */
export function parseServices(text: string): readonly string[] {
  return parseList(text, checkService);
}

export function checkService(item: string): void {
  if (item === "*") return;
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}(\/[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254})?$/.test(item)) return;
  throw new UserError(
    "invalid",
    `"${item}" is not the name of a stack, service or project; write names, or "*" for everyone`,
  );
}

/** Host names, with `*` and `?` as in file names. */
export function parseHosts(text: string): readonly string[] {
  return parseList(text, checkHost);
}

export function checkHost(item: string): void {
  if (/^[a-zA-Z0-9*?][a-zA-Z0-9_.*?-]{0,252}$/.test(item)) return;
  throw new UserError(
    "invalid",
    `"${item}" is not a host name; write names, or patterns like "web-*"`,
  );
}

export function parseAccess(text: string): AccessMode {
  return oneOf(text, ["shared", "exclusive", "readonly"]);
}

export function parseOnRemove(text: string): OnRemove {
  return oneOf(text, ["archive", "delete", "retain"]);
}

export { parseSize };

/** A numeric user or group id; 2^32-1 means "nobody" to the kernel and is not an id. */
export function parseId(text: string): number {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (!(id <= 4_294_967_294))
    throw new UserError("invalid", `"${text}" is not a numeric id (0 to 4294967294)`);
  return id;
}

/** Permission bits in octal: `0755`, `755`, `1777`. */
export function parseMode(text: string): number {
  if (!/^0?[0-7]{3,4}$/.test(text) || Number.parseInt(text, 8) > 0o7777) {
    throw new UserError("invalid", `"${text}" is not a mode: write it in octal, like 0755`);
  }
  return Number.parseInt(text, 8);
}

/** `volume` or `volume@snapshot`. */
export function parseFrom(text: string): string {
  const at = text.indexOf("@");
  checkVolumeName(at === -1 ? text : text.slice(0, at));
  if (at !== -1 && !/^[a-zA-Z0-9][a-zA-Z0-9_.:+-]{0,127}$/.test(text.slice(at + 1))) {
    throw new UserError(
      "invalid",
      `"${text}" names no snapshot: write volume@snapshot, as in blog_data@2026-03-01T06:00`,
    );
  }
  return text;
}

export function parseBackup(text: string): string {
  if (text !== "default" && text !== "off") checkCron(text);
  return text;
}

export function parseSquash(text: string): "app" | null {
  return oneOf(text, ["app", "none"]) === "app" ? "app" : null;
}

export function parseMountOptions(text: string): readonly string[] {
  return parseList(text, checkMountOption);
}

export function parseSwitch(text: string): boolean {
  if (/^(true|on|yes|1)$/i.test(text)) return true;
  if (/^(false|off|no|0)$/i.test(text)) return false;
  throw new UserError("invalid", `"${text}" is neither true nor false`);
}

function parseList(text: string, check: (item: string) => void): readonly string[] {
  const items = text.split(/[,|]/).map((item) => item.trim());
  if (items.every((item) => item === ""))
    throw new UserError("invalid", "is empty; leave the option out for the default");
  for (const item of items) check(item);
  return [...new Set(items)];
}

function oneOf<Word extends string>(text: string, words: readonly Word[]): Word {
  const word = words.find((candidate) => candidate === text);
  if (word !== undefined) return word;
  throw new UserError("invalid", `"${text}" is not one of ${words.join(", ")}`);
}
