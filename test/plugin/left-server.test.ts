import test from "ava";
import { leftServer } from "../../plugin/left-server.ts";
import type { MountRow } from "../../plugin/mount-table.ts";
import type { StorageServer } from "../../storage/storage-server.ts";

const at = (address: string | null): StorageServer => ({ host: "nas.lan", port: 2049, address });

function heldFrom(...sources: (string | undefined)[]): MountRow {
  const now = "2026-03-01T09:14:02Z";
  return {
    volume: "blog_data",
    holders: sources.map((source, index) => ({
      id: String(index),
      count: 1,
      source,
      consumers: [`container "blog-${index}"`],
    })),
    since: now,
    touchedAt: now,
    consumers: ['container "blog-0"', 'container "blog-1"'],
    provisional: false,
  };
}

test("containers that were started before their server moved are told to be restarted", (t) => {
  const row = heldFrom("10.0.0.6:/v/apps/blog/blog_data", "10.0.0.5:/v/apps/blog/blog_data");
  t.is(
    leftServer(row, at("10.0.0.6")),
    'nas.lan was at 10.0.0.5 and is at 10.0.0.6 now. Containers that were started before wait for the old address. Restart them: container "blog-1"',
  );
  t.regex(leftServer(heldFrom("[fd00::5]:/v"), at("fd00::6")) ?? "", /was at fd00::5 and/);
});

test("nothing is said of containers that are where the server is, or of which nothing is known", (t) => {
  t.is(leftServer(heldFrom("10.0.0.5:/v", "10.0.0.5:/v"), at("10.0.0.5")), null);
  t.is(leftServer(heldFrom("[fd00::5]:/v"), at("fd00::5")), null);
  t.is(leftServer(heldFrom(undefined), at("10.0.0.5")), null);
  t.is(leftServer(heldFrom("10.0.0.5:/v"), at(null)), null);
  t.is(leftServer(heldFrom("/srv/swarm/apps/blog/blog_data"), undefined), null);
  t.is(leftServer(null, at("10.0.0.5")), null);
});

test("nothing is said of containers whose mounts followed the server", (t) => {
  const row = heldFrom("10.0.0.5:/v", "10.0.0.4:/v");
  t.is(leftServer(row, { ...at("10.0.0.6"), left: [] }), null);
  t.regex(leftServer(row, { ...at("10.0.0.6"), left: ["10.0.0.4"] }) ?? "", /was at 10\.0\.0\.4/);
});
