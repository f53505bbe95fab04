import { formatSize } from "../service/size.ts";
import {
  benchProfiles,
  type BenchFigure,
  type BenchReport,
  type BenchTrial,
  type BenchValue,
} from "../storage/bench-report.ts";
import { nearest } from "../service/nearest.ts";
import type { Call, ExitCode } from "./call.ts";
import type { Screen } from "./screen.ts";
import type { Part } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

/** How fast a volume is, beside the node's own disk. */
export async function benchVolume(call: Call): Promise<ExitCode> {
  const [volume = ""] = call.operands;
  const { quick } = call.options;
  const profile = profileIn(call.options.profile);
  const { steps } = call;
  let report: BenchReport;
  try {
    const request = { volume, quick, profile };
    report = await call.works.follow("Bench", request, (progress) => steps.show(progress));
  } finally {
    steps.clear();
  }
  if (call.options.json) call.screen.json(report);
  else show(report, call.screen);
  for (const words of report.remains) call.aside.paragraph(words);
  return 0;
}

function profileIn(text: string | null): (typeof benchProfiles)[number] | null {
  if (text === null) return null;
  const found = benchProfiles.find((each) => each === text);
  if (found !== undefined) return found;
  const likely = nearest(text, benchProfiles);
  const hint = likely === null ? "" : `: did you mean ${likely}?`;
  throw new UsageError(
    `there is no profile "${text}"${hint || "."} Profiles: ${benchProfiles.join(", ")}.`,
    "bench",
  );
}

function show(report: BenchReport, screen: Screen): void {
  const { volume, app, node, storage, mountOptions, rounds, figures, trials, leftOut } = report;
  const mounted = mountOptions.length === 0 ? "" : `, mounted with ${mountOptions.join(",")}`;
  screen.paragraph(
    `${volume} (app ${app}) on ${node}, ${storage}${mounted}. Medians of ${rounds} rounds, in turn; 50 of 100 took no longer than P50, 99 no longer than P99.`,
  );
  if (!report.direct && figures.some(({ profile }) => profile === "database"))
    screen.paragraph(
      "The file system keeps all it reads in memory (no O_DIRECT): a database's reads are told from there.",
    );
  screen.line();
  table(figures, screen);
  for (const trial of trials) showTrial(trial, screen);
  screen.line();
  screen.line("Not measured:");
  for (const { what, why } of leftOut) screen.paragraph(`${what}: ${why}`, "    ", ["  "]);
}

function table(figures: readonly BenchFigure[], screen: Screen): void {
  const { none } = screen.symbols;
  screen.table(
    [
      { title: "PROFILE" },
      { title: "WORK", wraps: true },
      { title: "VOLUME" },
      { title: "P50/P99" },
      { title: "NODE'S DISK" },
      { title: "P50/P99" },
      { title: "OF DISK" },
    ],
    figures.map(({ profile, what, unit, values: { volume, node } }, index): Part[] => [
      figures[index - 1]?.profile === profile ? "" : profile,
      what,
      ...cells(volume, unit, none),
      ...cells(node, unit, none),
      volume === undefined || node === undefined ? none : share(volume.median / node.median),
    ]),
  );
}

function cells(
  value: BenchValue | undefined,
  unit: BenchFigure["unit"],
  none: string,
): readonly string[] {
  if (value === undefined) return [none, none];
  const { median, p50, p99 } = value;
  const times = p50 === null || p99 === null ? none : `${time(p50)}/${time(p99)} ms`;
  return [rate(median, unit), times];
}

function showTrial(trial: BenchTrial, screen: Screen): void {
  const { option, verdict, changes, costs, command } = trial;
  screen.line();
  if (verdict === "no difference") {
    screen.line(`Tried ${option}: no difference beyond the noise.`);
    return;
  }
  const words = {
    "worth it": "faster, and nothing slower",
    mixed: "some faster, some slower",
    slower: "slower",
  }[verdict];
  screen.line(
    "Tried ",
    { text: option, tone: verdict === "worth it" ? "fine" : "look" },
    `: ${words}`,
  );
  for (const { what, unit, before, after, ratio } of changes)
    screen.line(
      `  ${what}: ${rate(before, unit)} ${screen.symbols.arrow} ${rate(after, unit)} (${change(ratio)})`,
    );
  if (verdict !== "worth it") return;
  screen.paragraph(`What it costs: ${costs}.`, "  ");
  screen.line(`  To have it, from the next mount on: ${command}`);
}

function rate(value: number, unit: BenchFigure["unit"]): string {
  if (unit === "bytes/s") return `${formatSize(value)}/s`;
  return `${Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 1 })}/s`;
}

function time(milliseconds: number): string {
  if (milliseconds < 0.01) return milliseconds.toFixed(3);
  return Number(milliseconds.toPrecision(2)).toLocaleString("en");
}

function share(ratio: number): string {
  const percent = Math.round(ratio * 100);
  return percent === 0 ? "<1 %" : `${percent} %`;
}

function change(ratio: number): string {
  if (ratio >= 2) return `${ratio.toPrecision(2)} times`;
  const percent = Math.round((ratio - 1) * 100);
  return `${percent > 0 ? "+" : ""}${percent} %`;
}
