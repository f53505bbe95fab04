import * as z from "zod";
import { didYouMean } from "../../service/nearest.ts";
import { messageOf } from "../../service/message-of.ts";
import { UserError } from "../../service/user-error.ts";
import { checkVolumeName } from "../../storage/rules/names.ts";
import { type DeclaredApp, distinctApps, parseAppRules } from "./declared-apps.ts";
import { formatHostRule, type HostRule, isPlainName, parseHostRule } from "./host-pattern.ts";

/** A volume for hosts that have no plugin and mount it by themselves: `mount -t nfs4 storage1:/media …`. */
export interface StaticGrant {
  readonly volume: string;
  /** Names or single addresses. */
  readonly hosts: readonly HostRule[];
  readonly mode: "ro" | "rw";
}

export interface PolicyFile {
  readonly apps: readonly DeclaredApp[];
  readonly static: readonly StaticGrant[];
}

const textOrList = z.union([z.string(), z.array(z.string()).min(1)]);
const fileSchema = z.strictObject({
  apps: z
    .record(
      z.string(),
      z.strictObject({
        hosts: textOrList.optional(),
        services: textOrList.optional(),
        size: z.string().optional(),
      }),
    )
    .default({}),
  static: z
    .array(z.strictObject({ volume: z.string(), hosts: textOrList, mode: z.enum(["ro", "rw"]) }))
    .default([]),
});

const words = ["apps", "static", "hosts", "services", "size", "volume", "mode"];

/** Reads a policy file, which is JSON. Throws `invalid` that names the place in it; `file` is what messages call it. */
export function parsePolicyFile(text: string, file: string): PolicyFile {
  const value = fileSchema.safeParse(parseJson(text, file));
  if (!value.success) throw invalid(file, value.error.issues.map(describe).join("; "));
  return {
    apps: at(file, "apps", () =>
      distinctApps(
        Object.entries(value.data.apps).map(([app, rules]) =>
          at(null, `app "${app}"`, () => parseAppRules(app, said(rules))),
        ),
      ),
    ),
    static: value.data.static.map((grant, index) =>
      at(file, `static[${index}]`, () => staticGrant(grant)),
    ),
  };
}

function staticGrant(grant: z.infer<typeof fileSchema>["static"][number]): StaticGrant {
  checkVolumeName(grant.volume);
  const hosts = list(grant.hosts).map(parseHostRule);
  const vague = hosts.find((rule) => rule.kind !== "address" && !isPlainName(rule));
  if (vague !== undefined)
    throw new UserError(
      "invalid",
      `"${formatHostRule(vague)}" may be many hosts, and none of them proves who it is. Name each by its name or address`,
    );
  return { volume: grant.volume, hosts, mode: grant.mode };
}

function said(rules: Readonly<Record<string, string | readonly string[] | undefined>>) {
  return Object.entries(rules).flatMap(([word, value]): [string, string][] =>
    value === undefined ? [] : [[word, list(value).join(",")]],
  );
}

function list(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? value.split(/[,|]/).map((word) => word.trim()) : value;
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(file, `it is not JSON: ${messageOf(error)}`);
  }
}

function describe(issue: z.core.$ZodIssue): string {
  const place = issue.path.map(String).join(".");
  if (issue.code !== "unrecognized_keys") return `${place || "the whole"}: ${issue.message}`;
  return issue.keys
    .map((key) => {
      const inPlace = place === "" ? "" : ` in ${place}`;
      return `unknown word "${key}"${inPlace}${didYouMean(key, words)}`;
    })
    .join("; ");
}

function at<Result>(file: string | null, place: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const message = `${place}: ${error.message}`;
    throw file === null ? new UserError("invalid", message) : invalid(file, message);
  }
}

function invalid(file: string, message: string): UserError {
  return new UserError("invalid", `the policy file ${file} cannot be used: ${message}`);
}
