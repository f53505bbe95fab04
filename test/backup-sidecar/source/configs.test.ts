import { mkdir, readdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { execa } from "execa";
import { configsSource } from "../../../backup-sidecar/source/configs.ts";
import { create, node1 } from "../../storage/conformance.ts";
import { directoryStorage, temporaryDirectory } from "../../storage/places.ts";

test("the catalog is saved as it lies on the storage, without data, leases and whatever lies behind links", async (t) => {
  const root = await temporaryDirectory(t);
  const storage = directoryStorage(root);
  await storage.open(null);
  await create(storage, "blog_data", { app: "blog" });
  await create(storage, "old", { app: "blog" });
  await writeFile(join(root, "apps/blog/old/secret"), "x");
  await storage.remove("old", node1);
  await mkdir(join(root, ".swarmnfs/server/leases"), { recursive: true });
  await writeFile(join(root, ".swarmnfs/server/authority.pem"), "key", { mode: 0o600 });
  await symlink("/etc/passwd", join(root, ".swarmnfs/server/link"));
  const extra = await temporaryDirectory(t);
  await writeFile(join(extra, "policy.json"), "{}");
  await mkdir(join(extra, "data"));
  await writeFile(join(extra, "data/named.json"), "{}");
  await writeFile(join(extra, "huge"), "");
  await truncate(join(extra, "huge"), 65 * 1024 * 1024);
  const own = await temporaryDirectory(t);
  await mkdir(join(own, "view"));
  const place = {
    root,
    scratch: join(own, "configs"),
    mountPoint: join(own, "view"),
    extra: { etc: extra, logs: "/does/not/exist" },
  };
  const { view, notes } = await configsSource(place);
  t.deepEqual(notes, [`${join(extra, "huge")} is larger than 64M, and not saved`]);
  const { file, args } = view.command("find", [".", "-type", "f"]);
  const { stdout } = await execa(file, args);
  const [entry] = await readdir(join(root, ".swarmnfs/trash"));
  const [first, second] = (await readdir(join(root, ".swarmnfs/numbers"))).toSorted();
  t.deepEqual(stdout.split("\n").toSorted(), [
    "./.swarmnfs/apps/blog.json",
    `./.swarmnfs/numbers/${first}`,
    `./.swarmnfs/numbers/${second}`,
    "./.swarmnfs/server/authority.pem",
    "./.swarmnfs/storage.json",
    `./.swarmnfs/trash/${entry}/record.json`,
    "./.swarmnfs/volumes/blog_data.json",
    "./etc/data/named.json",
    "./etc/policy.json",
  ]);
  t.is(view.volume.name, "nfs_configs");

  await rm(join(root, ".swarmnfs"), { recursive: true });
  await t.throwsAsync(configsSource(place), { code: "unavailable", message: /no catalog/ });
});
