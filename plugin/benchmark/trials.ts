import type { BenchChange, BenchFigure, BenchTrial } from "../../storage/bench-report.ts";
import { compare } from "./comparison.ts";
import type { Candidate } from "./options-to-try.ts";

/** What came of an option that was tried, beside the volume as it is; `place` is where it was. */
export function judge(
  candidate: Candidate,
  place: string,
  figures: readonly BenchFigure[],
  volume: string,
): BenchTrial {
  const changes = figures.flatMap((figure) => changeOf(figure, place));
  return {
    option: candidate.option,
    verdict: verdictOf(changes),
    changes,
    costs: candidate.costs,
    command: `swarmnfs volumes set ${volume} mount-options=${candidate.mountOptions.join(",")}`,
  };
}

/** Empty unless it differs beyond the noise. */
function changeOf({ id, what, unit, values }: BenchFigure, place: string): BenchChange[] {
  const [before, after] = [values["volume"], values[place]];
  if (before === undefined || after === undefined) return [];
  const { ratio, beyondNoise } = compare(before.rounds, after.rounds);
  if (!beyondNoise) return [];
  return [{ figure: id, what, unit, before: before.median, after: after.median, ratio }];
}

function verdictOf(changes: readonly BenchChange[]): BenchTrial["verdict"] {
  const isFaster = changes.some(({ ratio }) => ratio > 1);
  const isSlower = changes.some(({ ratio }) => ratio < 1);
  if (isFaster) return isSlower ? "mixed" : "worth it";
  return isSlower ? "slower" : "no difference";
}
