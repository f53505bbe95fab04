import test from "ava";
import { array, assert, constantFrom, property } from "fast-check";
import { hostAllowed } from "../../../storage/rules/access.ts";
import { matchesGlob } from "../../../storage/rules/glob.ts";
import { narrowsHosts } from "../../../storage/rules/narrowing.ts";
import { newApp } from "../../../storage/rules/new-volume.ts";
import { parseOptions } from "../../../storage/rules/options.ts";

test("a pattern means what a regular expression of the same would", (t) => {
  const letters = constantFrom("a", "b", ".", "-");
  const signs = constantFrom("a", "b", ".", "-", "*", "?");
  const pattern = array(signs, { maxLength: 8 }).map((each) => each.join(""));
  const text = array(letters, { maxLength: 8 }).map((each) => each.join(""));
  assert(
    property(pattern, text, (asked, host) => {
      const source = asked.replaceAll(".", "[.]").replaceAll("?", "[ab.-]").replaceAll("*", ".*");
      const meant = new RegExp(`^${source}$`).test(host);
      return matchesGlob(asked, host) === meant;
    }),
  );
  t.pass();
});

function isNoStar(character: string): boolean {
  return character !== "*";
}

test("what one character may be is the caller's to say", (t) => {
  t.true(matchesGlob("w?", "w1", isNoStar));
  t.false(matchesGlob("w?", "w*", isNoStar));
  t.true(matchesGlob("w*", "w*", isNoStar));
});

test("a pattern that a hostile node made up holds up nobody", (t) => {
  const hosts = `${"*a".repeat(100)}b`;
  const long = "a".repeat(250);
  t.false(hostAllowed([hosts], long));
  const birth = { id: "1", fsid: 1, createdAt: "2026-03-01T00:00:00Z", createdBy: "n" };
  const app = newApp("blog", parseOptions({ app: "blog", hosts }), birth);
  t.false(narrowsHosts([long], app));
});
