import { setTimeout as delay } from "node:timers/promises";
import type { EngineNode } from "../../../plugin/engine.ts";
import type { ClusterExamination, ClusterReport } from "../../../storage/verbs.ts";
import type { PluginUnderTest } from "../plugin-under-test.ts";

export function swarmNode(name: string, other: Partial<EngineNode> = {}): EngineNode {
  return {
    id: `id-${name}`,
    name,
    state: "ready",
    availability: "active",
    hasPlugin: true,
    ...other,
  };
}

export async function post<T>(plugin: PluginUnderTest, verb: string, body: object): Promise<T> {
  const { status, text } = await plugin.docker.send(`/Swarmnfs.${verb}`, JSON.stringify(body));
  if (status !== 200) throw new Error(text);
  return JSON.parse(text) as T;
}

/** As the command does; `meanwhile` is what happens until it is done. */
export async function examineFrom(
  asker: PluginUnderTest,
  meanwhile: () => Promise<unknown> = async () => undefined,
): Promise<ClusterReport> {
  const { id } = await post<{ id: string }>(asker, "ExamineCluster", {});
  for (;;) {
    const found = await post<ClusterExamination>(asker, "ClusterExamination", { id });
    if (found.report !== null) return found.report;
    await meanwhile();
    await delay(20);
  }
}

/** What is wrong with a node. */
export function wrongWith(report: ClusterReport, node: string): string[] {
  const { findings = [] } = report.nodes.find((each) => each.node === node) ?? {};
  return findings.filter(({ level }) => level !== "ok").map(({ title }) => title);
}
