import test from "ava";
import { backupRecipe, serverRecipe } from "../../rootfs-build/recipe.ts";
import { quotaPrograms } from "../../storage/quota/system-quotas.ts";

test("whoever makes directories of volumes on the storage's own disk can limit them", (t) => {
  for (const { programs } of [serverRecipe, backupRecipe]) {
    const names = new Set(programs.map((program) => program.replace(/^.*\//, "")));
    for (const needed of [...quotaPrograms, "mknod"]) t.true(names.has(needed), needed);
  }
});
