import test from "ava";
import { checkAppName, checkVolumeName } from "../../../storage/rules/names.ts";

for (const name of ["a", "blog_data", "A.b-c_d", "0", "x".repeat(128), "README.txt"]) {
  test(`"${name}" may name a volume`, (t) => {
    t.notThrows(() => checkVolumeName(name));
  });
}

for (const name of [
  "",
  ".",
  "..",
  "../x",
  "a/b",
  ".swarmnfs",
  ".swarmnfs-x",
  ".hidden",
  "-dash",
  "_x",
  "a b",
  "a:b",
  "ä",
  "a\n",
  "a\0b",
  "x".repeat(129),
]) {
  test(`${JSON.stringify(name)} may not name a volume`, (t) => {
    t.throws(() => checkVolumeName(name), {
      code: "invalid",
      message: /^volume name ".*letters, digits/,
    });
  });
}

for (const app of [
  "root",
  "Root",
  "repositories",
  "backup_historys",
  "nfs_configs",
  "README.txt",
  "readme.TXT",
  "SHARED",
]) {
  test(`"${app}" may not be asked for as an app`, (t) => {
    t.throws(() => checkAppName(app), { code: "invalid" });
  });
}

test("shared is an app like another to ask for", (t) => {
  t.notThrows(() => checkAppName("shared"));
});
