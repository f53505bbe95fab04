import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "ava";
import { Restic } from "../../../backup-sidecar/engine/restic.ts";

/** Says how it was started, once its priority was set. */
const program = `#!/bin/sh
for _ in $(seq 200); do
  nice=$(cut -d" " -f19 /proc/$$/stat)
  [ "$nice" -gt 0 ] && break
  sleep 0.05
done
cat <<END
{ "nice": $nice, "disk": "$(ionice -p $$)", "args": "$*", "host": "$(hostname)",
  "secret": "$RESTIC_REST_PASSWORD", "inherited": "$BACKUP_PASSWORD" }
END
`;

test("restic works behind everybody else, and no secret is in what everybody can see of it", async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), "swarmnfs-restic-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = path.join(folder, "restic");
  await writeFile(file, program);
  await chmod(file, 0o755);
  process.env["BACKUP_PASSWORD"] = "correct horse";
  t.teardown(() => delete process.env["BACKUP_PASSWORD"]);
  const restic = new Restic({
    program: file,
    passwordFile: path.join(folder, "password"),
    cache: folder,
    temporary: folder,
    lockHost: "swarmnfs-a1",
    memory: null,
  });
  const said = await restic.ask({
    args: ["snapshots", "--json"],
    environment: { RESTIC_REST_PASSWORD: "s3cret" },
  });
  t.like(said, { disk: "idle", host: "swarmnfs-a1", secret: "s3cret", inherited: "" });
  const { nice, args } = said as { readonly nice: number; readonly args: string };
  t.true(nice > 0, "the processor's priority");
  t.regex(args, /snapshots --json/);
  t.notRegex(args, /s3cret|horse/);
});
