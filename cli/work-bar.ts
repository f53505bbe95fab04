import { formatDuration } from "../service/age.ts";
import { formatSize } from "../service/size.ts";
import type { WorkProgress } from "../storage/backup/verbs.ts";
import { printable } from "./printable.ts";
import type { Screen } from "./screen.ts";

/** How often a line is written where there is no terminal, milliseconds. */
const lineEveryMs = 10_000;
const barWidth = 20;

/**
 * How far a long work is, with rate and time left: one line that changes on a terminal, a line now and then anywhere else,
 * nothing with `--json`.
 */
export class WorkBar {
  readonly #screen: Screen;
  readonly #write: (text: string) => void;
  readonly #quiet: boolean;
  readonly #rates = new Map<string, Rate>();
  #last = new Map<string, WorkProgress>();
  #shown = false;
  #linedAt = -Infinity;

  constructor(screen: Screen, write: (text: string) => void, quiet: boolean) {
    this.#screen = screen;
    this.#write = write;
    this.#quiet = quiet;
  }

  show(progress: WorkProgress): void {
    if (this.#quiet) return;
    this.#last.set(progress.app, progress);
    this.#rate(progress);
    if (this.#screen.terminal.interactive) {
      this.#shown = true;
      this.#replace(this.#line(progress));
    } else if (performance.now() - this.#linedAt >= lineEveryMs) {
      this.#linedAt = performance.now();
      this.#screen.line(this.#words(progress));
    }
  }

  /** Lets something be written while the line is out of the way. */
  above(write: () => void): void {
    this.#hide();
    write();
  }

  clear(): void {
    this.#hide();
    this.#last = new Map();
  }

  #hide(): void {
    if (this.#shown) this.#replace("");
    this.#shown = false;
  }

  /** Of several apps at once only how far each is. */
  #line(progress: WorkProgress): string {
    const { waiting } = progress;
    if (waiting !== null) return `  ${waiting}`;
    if (this.#last.size > 1)
      return `  ${[...this.#last.values()].map((each) => `${each.app} ${percentOf(each)}`).join("   ")}`;
    const share = shareOf(progress);
    const what = `  ${progress.volume ?? progress.app}: ${progress.doing}`;
    if (share === null && progress.bytes === 0) return what;
    if (share === null) return [what, ...this.#facts(progress)].join("   ");
    const full = Math.round(share * barWidth);
    const [done, rest] = this.#screen.terminal.unicode ? ["█", "░"] : ["#", "."];
    const bar = `  ${done.repeat(full)}${rest.repeat(barWidth - full)}`;
    return [bar, percentOf(progress), ...this.#facts(progress)].join("   ");
  }

  #words(progress: WorkProgress): string {
    const { app, volume, doing, waiting, bytes, files, totalBytes } = progress;
    const words = `${app}: ${[doing, volume === app ? null : volume].filter(Boolean).join(" ")}`;
    if (waiting !== null) return `${words}, ${waiting}`;
    if (totalBytes === null && bytes === 0 && files === 0) return words;
    const share = totalBytes === null ? [] : [percentOf(progress)];
    return [words, ...share, ...this.#facts(progress)].join(", ");
  }

  #facts(progress: WorkProgress): string[] {
    const { bytes, totalBytes, secondsLeft, files } = progress;
    const amount =
      totalBytes === null
        ? `${formatSize(bytes)}, ${files.toLocaleString("en")} files`
        : `${formatSize(bytes)} of ${formatSize(totalBytes)}`;
    const rate = this.#rates.get(progress.app)?.perSecond ?? 0;
    const left = secondsLeft ?? leftBy(progress, rate);
    return [
      amount,
      ...(rate > 0 ? [`${formatSize(rate)}/s`] : []),
      ...(left === null ? [] : [`${formatDuration(left * 1000)} left`]),
    ];
  }

  #rate({ app, bytes, volume, doing }: WorkProgress): void {
    const now = performance.now();
    const work = `${volume} ${doing}`;
    const rate = this.#rates.get(app);
    if (rate === undefined || rate.work !== work || bytes < rate.bytes) {
      this.#rates.set(app, { work, bytes, at: now, perSecond: 0 });
      return;
    }
    if (now - rate.at < 900) return;
    const current = ((bytes - rate.bytes) / (now - rate.at)) * 1000;
    // Calm numbers: half of what it was before.
    const perSecond = rate.perSecond === 0 ? current : (rate.perSecond + current) / 2;
    this.#rates.set(app, { work, bytes, at: now, perSecond });
  }

  // Cut at the terminal's edge: a line that wrapped could not be taken away again.
  #replace(text: string): void {
    const { unicode, width } = this.#screen.terminal;
    this.#write(`\r\u001B[K${printable(text, !unicode).slice(0, width - 1)}`);
  }
}

interface Rate {
  readonly work: string;
  readonly bytes: number;
  readonly at: number;
  readonly perSecond: number;
}

function shareOf({ bytes, totalBytes }: WorkProgress): number | null {
  if (totalBytes === null || totalBytes === 0) return null;
  return Math.min(1, bytes / totalBytes);
}

function percentOf(progress: WorkProgress): string {
  const share = shareOf(progress);
  return share === null ? progress.doing : `${Math.floor(share * 100)} %`;
}

function leftBy({ bytes, totalBytes }: WorkProgress, rate: number): number | null {
  if (totalBytes === null || rate <= 0) return null;
  return Math.max(0, totalBytes - bytes) / rate;
}
