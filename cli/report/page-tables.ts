import { exactSize, formatSize } from "../../service/size.ts";
import type { Report } from "../../storage/report/report.ts";
import { Html, html } from "./html.ts";
import { sparkline } from "./sparkline.ts";
import { scopes, trendText } from "../../storage/report/words.ts";

/** A page is for people: of more rows it says how many, and where they are. */
const rowsAtMost = 200;
const none = html`<span class="soft">–</span>`;

interface Column {
  readonly title: string;
  readonly kind?: "number" | "name";
}

type Cell = Html | string;

export function volumeTable({ volumes }: Report): Html {
  return table(
    "All volumes, the largest first",
    "",
    [
      { title: "Volume", kind: "name" },
      { title: "App", kind: "name" },
      { title: "Used", kind: "number" },
      { title: "Limit", kind: "number" },
      { title: "Files", kind: "number" },
      { title: "Over time" },
      { title: "Growth", kind: "number" },
      { title: "Full on" },
    ],
    volumes,
    (each) => [
      each.volume,
      each.app,
      sized(each.used),
      each.size === null ? none : exactSize(each.size),
      each.files === null ? none : each.files.toLocaleString("en"),
      sparkline(each.history) ?? none,
      trendText(each.trend),
      each.fullOn ?? none,
    ],
  );
}

export function unusedTable({ unused }: Report): Html {
  if (unused.volumes.length === 0) return html``;
  return table(
    `Unused for ${unused.days} days or longer`,
    `Nobody has them mounted; ${scopes[unused.scope]}. To clean up: swarmnfs clean unused`,
    [
      { title: "Volume", kind: "name" },
      { title: "App", kind: "name" },
      { title: "Used", kind: "number" },
      { title: "Last mounted" },
    ],
    unused.volumes,
    ({ volume, app, used, lastUse, days }) => [
      volume,
      app,
      sized(used),
      lastUse === null
        ? `never seen, made ${days} d ago`
        : `${lastUse.slice(0, 10)}, ${days} d ago`,
    ],
  );
}

export function trashTable({ trash }: Report): Html {
  if (trash.length === 0) return html``;
  return table(
    "Trash",
    "Until they are purged they can be brought back: swarmnfs trash undelete ENTRY",
    [
      { title: "Entry", kind: "name" },
      { title: "App", kind: "name" },
      { title: "Removed" },
      { title: "Purged" },
    ],
    trash.toSorted((a, b) => (a.purgeAt < b.purgeAt ? -1 : 1)),
    ({ entry, app, removedAt, purgeAt }) => [
      entry,
      app,
      removedAt.slice(0, 10),
      purgeAt.slice(0, 10),
    ],
  );
}

export function driftTable({ drift, node }: Report): Html {
  if (drift.length === 0) return html``;
  return table(
    `Other than Docker was asked for on ${node}`,
    "The record counts. To change it: swarmnfs volumes set",
    [{ title: "Volume", kind: "name" }, { title: "Difference" }],
    drift,
    ({ volume, differences }) => [volume, differences.join("; ")],
  );
}

const words = {
  ok: html`<span class="fine">✔ ok</span>`,
  new: html`<span class="soft">new</span>`,
  off: html`<span class="soft">off</span>`,
  late: html`<span class="look">! late</span>`,
  never: html`<span class="act">✘ never</span>`,
  suspect: html`<span class="act">✘ suspect</span>`,
};

export function backupTable({ backup }: Report): Html {
  if (backup === null)
    return html`<section>
      <h2>Backup</h2>
      <p class="soft">There is no backup service.</p>
    </section>`;
  const drills = new Map(backup.drills.map(({ app, drill }) => [app, drill]));
  return table(
    "Backup",
    `By the service on ${backup.node}, last seen ${backup.seenAt.slice(0, 16).replace("T", " ")} UTC. A drill restores some of an app for practice.`,
    [
      { title: "Volume", kind: "name" },
      { title: "State" },
      { title: "Last good" },
      { title: "Versions", kind: "number" },
      { title: "Drill of its app" },
    ],
    backup.volumes,
    (each) => {
      const drill = drills.get(each.app) ?? null;
      return [
        each.volume,
        words[each.state],
        each.lastGood === null ? none : each.lastGood.slice(0, 16).replace("T", " "),
        String(each.versions),
        drill === null
          ? none
          : html`${drill.at.slice(0, 10)}
            ${drill.ok ? words.ok : html`<span class="act">✘ failed</span>`}`,
      ];
    },
  );
}

export function slowTable({ slow, node }: Report): Html {
  if (slow.length === 0) return html``;
  return table(
    `Slowest on ${node}`,
    "Of reads and writes since each was mounted there.",
    [
      { title: "Volume", kind: "name" },
      { title: "An operation", kind: "number" },
      { title: "Operations", kind: "number" },
    ],
    slow.slice(0, 20),
    ({ volume, milliseconds, operations }) => [
      volume,
      `${milliseconds.toFixed(1)} ms`,
      operations.toLocaleString("en"),
    ],
  );
}

function table<Row>(
  title: string,
  about: string,
  columns: readonly Column[],
  rows: readonly Row[],
  cells: (row: Row) => readonly Cell[],
): Html {
  const heads = columns.map(
    ({ title: name, kind = "" }) => html`<th scope="col" class="${kind}">${name}</th>`,
  );
  const lines = rows.slice(0, rowsAtMost).map((each) => {
    const row = cells(each).map(
      (cell, index) => html`<td class="${columns[index]?.kind ?? ""}">${cell}</td>`,
    );
    return html`<tr>
      ${row}
    </tr> `;
  });
  const left = rows.length - rowsAtMost;
  return html`<section>
    <h2>${title}</h2>
    ${about === "" ? "" : html`<p class="soft">${about}</p>`}
    <div class="wide">
      <table>
        <thead>
          <tr>
            ${heads}
          </tr>
        </thead>
        <tbody>
          ${lines}
        </tbody>
      </table>
    </div>
    ${left > 0 ? html`<p class="soft">and ${left.toLocaleString("en")} more: swarmnfs report --json has all of them</p>` : ""}
  </section>`;
}

function sized(bytes: number | null): Cell {
  return bytes === null ? none : formatSize(bytes);
}
