import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import test from "ava";
import { execa } from "execa";
import { clearForeignLocales } from "../../rootfs-build/node-locales.ts";

/** Everything of ICU that programs use without naming a language, and English by name. */
const script = String.raw`
const when = new Date(Date.UTC(2026, 2, 1, 9, 14, 2));
const zones = ["UTC", "Europe/Berlin", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"];
const words = ["z", "ä", "a", "Z", "ß", "10", "9", "ﬁ", "é", "e\u0301"];
const bytes = Uint8Array.from([0xc4, 0xe3, 0xba, 0xc3]);
console.log(JSON.stringify([
  (5204).toLocaleString("en"), (1234567.891).toLocaleString(), when.toLocaleString("en-GB"), String(when), when.toLocaleDateString(),
  zones.map((timeZone) => new Intl.DateTimeFormat("en", { timeZone, dateStyle: "full", timeStyle: "long" }).format(when)),
  zones.map((timeZone) => new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", weekday: "short", hour: "numeric" }).formatToParts(when)),
  Intl.supportedValuesOf("timeZone").length, Intl.DateTimeFormat().resolvedOptions().timeZone,
  words.toSorted((a, b) => a.localeCompare(b)), words.toSorted(new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare),
  words.map((word) => ["NFC", "NFD", "NFKC", "NFKD"].map((form) => word.normalize(form))),
  "STRASSE İ".toLowerCase(), "straße ŉ".toUpperCase(), "ıI".toLocaleUpperCase("en"),
  /^\p{L}\p{Lu}\p{Script=Greek}\p{Emoji}$/u.test("aBΩ✔"), "ſ".match(/s/iu)?.[0], /^\p{RGI_Emoji}$/v.test("👩‍👩‍👧"),
  new URL("http://bücher.例え.test/ä?ö").href,
  ["gb18030", "shift_jis", "windows-1252", "utf-16be", "koi8-r", "latin1"].map((name) => new TextDecoder(name).decode(bytes)),
  Array.from(new Intl.Segmenter("en", { granularity: "word" }).segment("one, two 日本語 ไทย"), ({ segment }) => segment),
  new Intl.PluralRules("en", { type: "ordinal" }).select(22), new Intl.ListFormat("en").format(words),
  new Intl.RelativeTimeFormat("en").format(-3, "day"), new Intl.NumberFormat("en", { style: "unit", unit: "byte", notation: "compact" }).format(12e9),
  new Intl.DisplayNames("en", { type: "region" }).of("CN"), new Intl.Locale("zh").maximize().toString(),
]));`;

/** Which of them exist is not kept: what comes out is English or neutral, and it comes out. */
const foreign = `
const out = ["de", "zh-CN", "ar-EG", "sr-Latn", "ja", "hi", "th"].map((language) => [
  (1234.5).toLocaleString(language), new Date(0).toLocaleString(language, { dateStyle: "full", timeZone: "Asia/Tokyo" }),
  "ä".localeCompare("z", language), new Intl.DisplayNames(language, { type: "language" }).of("fr"),
  new Intl.ListFormat(language).format(["a", "b"]), new Intl.RelativeTimeFormat(language).format(1, "day"),
]);
console.log(out.flat().every((text) => String(text) !== ""));`;

test("Node.js without the languages but English does all else as before, and is much smaller", async (t) => {
  const program = await readFile(process.execPath);
  const cleared = clearForeignLocales(program);
  t.true(cleared > 15_000_000, String(cleared));
  t.is(clearForeignLocales(program), 0, "nothing is left to be cleared");
  const folder = await mkdtemp(join(tmpdir(), "swarmnfs-node-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const lean = join(folder, "node");
  await writeFile(lean, program, { mode: 0o755 });

  const env = { LANG: "C.UTF-8", TZ: "Europe/Vienna", LC_ALL: "" };
  const [before, after] = await Promise.all(
    [process.execPath, lean].map((node) => execa(node, ["-e", script], { env })),
  );
  t.is(after?.stdout, before?.stdout);
  for (const LANG of ["C.UTF-8", "de_DE.UTF-8", "zh_CN.UTF-8"])
    t.is((await execa(lean, ["-e", foreign], { env: { ...env, LANG } })).stdout, "true", LANG);
});

test("a program without ICU's data is left as it is", async (t) => {
  const program = Buffer.from(`CmnD${"x".repeat(100)}CmnD`);
  const before = Buffer.from(program);
  t.is(clearForeignLocales(program), 0);
  t.deepEqual(program, before);
});
