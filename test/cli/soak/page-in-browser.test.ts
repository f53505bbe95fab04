// The page of the report in Debian's Chromium (chromium-headless-shell).
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import test, { type ExecutionContext } from "ava";
import { reportPage } from "../../../cli/report/page.ts";
import { reportOf, type ReportFacts } from "../../../storage/report/report.ts";
import { volumeRecord } from "../../storage/records/volume-record.ts";
import { fortyDays } from "../history.ts";
import { now, status, trash, volumes, volumeView } from "../world.ts";
import { Browser } from "./browser.ts";

const dayMs = 86_400_000;

async function pageOf(t: ExecutionContext, given: Partial<ReportFacts> = {}): Promise<string> {
  const facts = { status, volumes, trash, review: fortyDays(now), now };
  const times = { since: now - 90 * dayMs, unusedMs: 30 * dayMs };
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-page-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, "report.html");
  await writeFile(file, reportPage(reportOf({ ...facts, ...times, ...given })));
  return pathToFileURL(file).href;
}

/** For people who want to see what was seen. */
async function keep(browser: Browser, name: string): Promise<void> {
  const folder = process.env["SWARMNFS_PICTURES"];
  if (folder !== undefined) await writeFile(join(folder, name), await browser.picture());
}

/** How well text can be told from what is behind it, at its worst on the page (WCAG 2). */
const worstContrast = `(() => {
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map((each) => {
      const part = each / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (/^rgb\\(/.test(backgroundColor)) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const texts = [...document.querySelectorAll("body *")].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== ""));
  return Math.min(...texts.filter(({ tagName }) => !["svg", "g", "title"].includes(tagName)).map((element) => {
    const style = getComputedStyle(element);
    const ink = element instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(ink), light(behind(element))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }));
})()`;

for (const scheme of ["light", "dark"] as const) {
  test.serial(
    `the page shows its charts, asks for nothing and complains of nothing: ${scheme}`,
    async (t) => {
      const url = await pageOf(t);
      const browser = await Browser.start(t);
      await browser.open(url, scheme);
      const charts = await browser.evaluate<{ label: string; marks: number; wide: number }[]>(
        `[...document.querySelectorAll("svg[role=img]")].map((chart) => ({
        label: chart.getAttribute("aria-label"),
        marks: [...chart.querySelectorAll(".mark")].filter((mark) => {
          const { width, height } = mark.getBoundingClientRect();
          const { fill, stroke } = getComputedStyle(mark);
          return width + height > 0 && (fill !== "none" || stroke !== "none");
        }).length,
        wide: chart.getBoundingClientRect().width,
      }))`,
      );
      t.is(charts.length, 6, "the disk, two of bars, and three volumes over time");
      for (const { label, marks, wide } of charts) {
        t.true(marks > 0 && wide >= 100, `${label}: ${marks} marks`);
        t.regex(label, /\d/);
      }
      t.regex(charts[0]?.label ?? "", /^Disk: 23G used on 2026-01-21, 43G now, of 200G$/);
      const background = await browser.evaluate<string>(
        "getComputedStyle(document.body).backgroundColor",
      );
      t.is(background, scheme === "light" ? "rgb(247, 246, 243)" : "rgb(20, 20, 19)");
      const contrast = await browser.evaluate<number>(worstContrast);
      t.true(contrast >= 4.5, `text is readable: ${contrast.toFixed(2)}`);
      await keep(browser, `r-test-${scheme}.png`);
      t.deepEqual(browser.deeds, { complaints: [], requests: [url] });
    },
  );
}

test.serial("on a telephone nothing is wider than the screen", async (t) => {
  const url = await pageOf(t);
  const browser = await Browser.start(t);
  await browser.open(url, "light", 390);
  const beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
  t.is(await browser.evaluate<number>(beyond), 0);
  await keep(browser, "r-test-narrow.png");
});

test.serial("whatever is in names and reasons is text", async (t) => {
  const evil = `"><img src="http://127.0.0.1:9/x" onerror="document.title='owned'"><script>document.title='owned'</script>&lt;\u0007`;
  const view = volumeView(volumeRecord("v", { createdAt: "2026-01-01T00:00:00Z" }), {
    used: 10,
    drift: [evil],
  });
  const review = fortyDays(now);
  const url = await pageOf(t, {
    volumes: [{ ...view, record: { ...view.record, name: evil, app: evil } }],
    status: {
      ...status,
      node: evil,
      storage: evil,
      version: evil,
      trouble: { reason: evil, since: "2026-03-01T12:00:00Z" },
    },
    review: {
      ...review,
      volumes: { [evil]: review.volumes["db"] ?? [] },
      backup: review.backup && { ...review.backup, node: evil },
      slow: [{ volume: evil, operations: 1, milliseconds: 1 }],
    },
  });
  const browser = await Browser.start(t);
  await browser.open(url, "light");
  t.deepEqual(browser.deeds, { complaints: [], requests: [url] });
  t.is(await browser.evaluate<number>("document.querySelectorAll('img, script').length"), 0);
  const shown = evil.replace("\u0007", "\u{fffd}");
  t.is(await browser.evaluate<string>("document.querySelector('h1').textContent"), shown);
  t.regex(await browser.evaluate<string>("document.title"), /^"><img/);
});
