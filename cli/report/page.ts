import { exactSize, formatSize } from "../../service/size.ts";
import type { Report } from "../../storage/report/report.ts";
import { type Bar, barChart } from "./bar-chart.ts";
import { diskChart } from "./disk-chart.ts";
import { Html, html } from "./html.ts";
import { style } from "./style.ts";
import {
  backupTable,
  driftTable,
  slowTable,
  trashTable,
  unusedTable,
  volumeTable,
} from "./page-tables.ts";
import { trendText } from "../../storage/report/words.ts";

const barsAtMost = 12;

/** The report as one page that needs nothing else: no script, no picture, no font, and no leave to ask for any. Pure. */
export function reportPage(report: Report): string {
  const day = report.at.slice(0, 10);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
        />
        <meta name="referrer" content="no-referrer" />
        <link rel="icon" href="data:," />
        <title>${report.storage}, ${day}</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body>
        <main>
          <h1>${report.storage}</h1>
          <p class="soft">
            As ${report.node} saw it on ${moment(report.at)}, looking back to
            ${report.since.slice(0, 10)}. swarmnfs ${report.version}
          </p>
          ${tiles(report)} ${attention(report)} ${diskSection(report)} ${barSections(report)}
          ${volumeTable(report)} ${unusedTable(report)} ${trashTable(report)} ${driftTable(report)}
          ${backupTable(report)} ${slowTable(report)}
          <footer>
            Made by swarmnfs report. Sizes are powers of 1024, times UTC. Growth is the line that
            most pairs of days agree on.
          </footer>
        </main>
      </body>
    </html> `;
  return page.text;
}

function tiles({ disk, volumes, unused, backup }: Report): Html {
  const used = volumes.reduce((sum, each) => sum + (each.used ?? 0), 0);
  const idle = unused.volumes.reduce((sum, each) => sum + (each.used ?? 0), 0);
  const asked = backup?.volumes.filter(({ state }) => state !== "off") ?? [];
  const good = asked.filter(({ state }) => state === "ok" || state === "new").length;
  const share = disk === null || disk.total === 0 ? 0 : Math.round((disk.used / disk.total) * 100);
  return html`<dl class="tiles">
    ${
      disk === null
        ? tile("Disk", "not known", "the storage did not answer")
        : [
            tile(
              "Disk used",
              `${share} %`,
              `${formatSize(disk.used)} of ${formatSize(disk.total)}`,
            ),
            tile(
              "Growth",
              trendText(disk.trend),
              disk.fullOn === null ? "" : `full on ${disk.fullOn}`,
            ),
          ]
    }
    ${tile("Volumes", String(volumes.length), `${formatSize(used)} used`)}
    ${tile("Unused", String(unused.volumes.length), `${formatSize(idle)}, for ${unused.days} d or longer`)}
    ${backup === null ? tile("Backup", "none", "there is no backup service") : tile("Backed up well", `${good} of ${asked.length}`, backup.isSilent ? "the service is silent" : `by ${backup.node}`)}
  </dl>`;
}

function tile(name: string, value: string, more: string): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}<small>${more}</small></dd>
  </div> `;
}

function attention({ attention: found }: Report): Html {
  if (found.length === 0)
    return html`<section>
      <h2>What needs somebody</h2>
      <p class="fine">✔ Nothing.</p>
    </section>`;
  const items = found.map(({ level, text }) => {
    const word = level === "problem" ? "✘ Problem" : "! Look";
    return html`<li class="${level}"><b>${word}</b>${text}</li> `;
  });
  return html`<section>
    <h2>What needs somebody</h2>
    <ul class="attention">
      ${items}
    </ul>
  </section>`;
}

function diskSection({ disk: found, at }: Report): Html {
  if (found === null) return html``;
  const chart = diskChart(found, Date.parse(at));
  return html`<section>
    <h2>How full the disk is</h2>
    ${chart ?? html`<p class="soft">There is no history yet: what there is is written down once a day.</p>`}
  </section>`;
}

function barSections({ volumes }: Report): Html {
  const largest = volumes.filter(({ used }) => (used ?? 0) > 0).slice(0, barsAtMost);
  const growing = volumes
    .filter(({ trend }) => trend.direction === "growing")
    .toSorted((a, b) => (b.trend.perDay ?? 0) - (a.trend.perDay ?? 0))
    .slice(0, barsAtMost);
  return html`${barSection("Largest volumes", largest.map(largestBar))}
  ${barSection(
    "Growing most",
    growing.map(({ volume, trend, fullOn }) => ({
      name: volume,
      value: trend.perDay ?? 0,
      label: `${trendText(trend)}${fullOn === null ? "" : `, full ${fullOn}`}`,
    })),
  )}`;
}

function largestBar({ volume, used, size, health }: Report["volumes"][number]): Bar {
  const value = used ?? 0;
  if (size === null) return { name: volume, value, label: formatSize(value) };
  const share = Math.round((value / size) * 100);
  const label = `${formatSize(value)} (${share} % of ${exactSize(size)})`;
  if (share < 80) return { name: volume, value, label };
  return { name: volume, value, label, tone: health === "full" ? "act" : "look" };
}

function barSection(title: string, all: readonly Bar[]): Html {
  return all.length === 0
    ? html``
    : html`<section>
        <h2>${title}</h2>
        ${barChart(all, title)}
      </section>`;
}

function moment(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
}
