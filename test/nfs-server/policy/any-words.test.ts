import test from "ava";
import * as fc from "fast-check";
import { AllowedHosts } from "../../../nfs-server/policy/allowed-hosts.ts";
import { parseDeclaredApps } from "../../../nfs-server/policy/declared-apps.ts";
import { formatHostRule, parseHostRule } from "../../../nfs-server/policy/host-pattern.ts";
import { parsePolicyFile } from "../../../nfs-server/policy/policy-file.ts";
import { parseSettings, variableNames } from "../../../nfs-server/settings.ts";
import { UserError } from "../../../service/user-error.ts";

// Words that come near to what is meant, so that not all are refused at the first letter.
const text = fc.oneof(
  fc.string(),
  fc
    .array(
      fc.constantFrom(
        "app1",
        "hosts=",
        "size=",
        "services=",
        "10G",
        "node1",
        "*",
        "10.0.0.0",
        "/8",
        "::1",
        ":",
        ",",
        "|",
        "=",
        " ",
        "__proto__",
        "constructor",
      ),
      { maxLength: 8 },
    )
    .map((words) => words.join("")),
);

test("whatever is written, it is understood or refused in words for people", (t) => {
  fc.assert(
    fc.property(text, (words) => {
      understoodOrRefused(() => parseDeclaredApps(words));
      understoodOrRefused(() => parsePolicyFile(words, "p.json"));
      understoodOrRefused(() => parseHostRule(words));
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test("whatever JSON a policy file is, it is understood or refused", (t) => {
  const hosts = fc.oneof(text, fc.array(text, { maxLength: 3 }));
  const near = fc.record(
    {
      apps: fc.dictionary(
        text,
        fc.record({ hosts, services: hosts, size: text }, { requiredKeys: [] }),
      ),
      static: fc.array(fc.record({ volume: text, hosts, mode: fc.constantFrom("ro", "rw", "x") })),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), near), (value) => {
      understoodOrRefused(() => parsePolicyFile(JSON.stringify(value), "p.json"));
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test("whatever the variables are, they are understood or refused", (t) => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...variableNames), text, { maxKeys: 4 }),
      (variables) => {
        understoodOrRefused(() => parseSettings(variables));
      },
    ),
    { numRuns: 200 },
  );
  t.pass();
});

test("a rule says again what was written, and an address is in the network it is written with", (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.ipV4(),
        fc.ipV6().filter((address) => !address.includes(".")),
      ),
      fc.nat(128),
      (address, bits) => {
        const most = address.includes(":") ? 128 : 32;
        const rule = parseHostRule(`${address}/${Math.min(bits, most)}`);
        const again = parseHostRule(formatHostRule(rule));
        return new AllowedHosts([again]).allows(null, address);
      },
    ),
  );
  t.pass();
});

function understoodOrRefused(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "invalid") throw error;
  }
}
