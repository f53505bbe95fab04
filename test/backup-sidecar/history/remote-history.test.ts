import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import type { RunReport } from "../../../backup-sidecar/engine/run-report.ts";
import { toldRepository } from "../../../backup-sidecar/history/metadata.ts";
import { RemoteHistory } from "../../../backup-sidecar/history/remote-history.ts";
import { systemClock } from "../../../service/clock.ts";
import { Restorable } from "../restorable.ts";

// History reads the run's id of a report, and nothing else.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const report = { run: "run" } as RunReport;

test.serial(
  "each version has a folder with a manifest; all is made again when it is lost, and what was forgotten goes",
  async (t) => {
    const place = await Restorable.begin(t);
    const server = place.place.server;
    const history = new RemoteHistory({
      remote: server,
      storageName: "home",
      storageId: "018f0000-0000-7000-8000-000000000001",
      clock: systemClock,
    });
    const folder = place.folder("blog_data");
    await writeFile(join(folder, "one"), "one");
    const first = await place.save("blog_data", "2026-03-01T06:00:00Z");
    await writeFile(join(folder, "two"), "two");
    const second = await place.save("blog_data", "2026-03-01T12:00:00Z");
    const repository = await place.repository();
    await history.record(repository, await repository.snapshots(), report);

    const top = server.at("backup_historys/blog");
    const folders = ["2026-03-01_06-00", "2026-03-01_12-00"];
    t.deepEqual((await readdir(top)).toSorted(), [...folders, "metadata.json"]);
    const manifest: unknown = JSON.parse(
      await readFile(join(top, "2026-03-01_12-00/manifest.json"), "utf8"),
    );
    t.like(manifest, {
      app: "blog",
      time: "2026-03-01T12:00:00Z",
      volumes: { 0: { volume: "blog_data", snapshot: second, top: { mode: 0o755 } } },
    });
    // What files are called is told by the repository alone, which is encrypted.
    t.deepEqual(await readdir(join(top, "2026-03-01_12-00")), ["manifest.json"]);
    t.regex(await readFile(server.at("README.txt"), "utf8"), /restic -r rclone:backup:home\//);
    t.deepEqual(await toldRepository(server, "blog"), {
      repository: repository.id,
      storage: "018f0000-0000-7000-8000-000000000001",
    });

    await rm(top, { recursive: true });
    await rm(server.at("README.txt"));
    await history.record(repository, await repository.snapshots(), report);
    t.deepEqual((await readdir(top)).toSorted(), [...folders, "metadata.json"]);

    await writeFile(join(top, "metadata.json"), "{");
    t.is(await toldRepository(server, "blog"), null);
    const permit = {
      run: "run",
      kinds: ["snapshots"] as const,
      names: [first],
      maxCount: 1,
      maxBytes: 1e6,
    };
    await repository.forget([first], permit);
    await history.record(repository, await repository.snapshots(), report);
    t.deepEqual((await readdir(top)).toSorted(), ["2026-03-01_12-00", "metadata.json"]);
  },
);
