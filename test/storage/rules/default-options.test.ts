import test from "ava";
import { defaultOptions } from "../../../storage/rules/default-options.ts";
import { parseOptions } from "../../../storage/rules/options.ts";

test("a node's defaults can be sent on as texts, apart from what was asked for", (t) => {
  const defaults = { mode: "0750", "on-remove": "retain", hosts: "a|b", size: "1G", mirror: "off" };
  const options = parseOptions({ app: "x", size: "10G" }, defaults);
  const others = defaultOptions(options);
  t.deepEqual(others, { mode: "0750", "on-remove": "retain", hosts: "a,b", mirror: "false" });
  t.deepEqual(parseOptions(options.asked, defaultOptions(options)), options);
});

test("of a node without defaults nothing is sent on, and nothing for the whole storage", (t) => {
  t.deepEqual(defaultOptions(parseOptions({ app: "x" })), {});
  t.deepEqual(defaultOptions(parseOptions({ root: "true" }, { mode: "0750" })), {});
});
