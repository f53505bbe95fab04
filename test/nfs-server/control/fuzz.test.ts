import test from "ava";
import * as fc from "fast-check";
import { describeApi } from "../../../nfs-server/control/openapi.ts";
import { usualLimits } from "../../../nfs-server/control/gatekeeper.ts";
import { problemSchema } from "../../../storage/swarmnfs/protocol/problem.ts";
import { ApiUnderTest, boss } from "./api-under-test.ts";
import { arbitraryOf } from "./arbitrary.ts";
import { fakeOperations } from "./fake-operations.ts";

const plenty = { burst: 1e9, perSecond: 1e9 };
const limits = { ...usualLimits, node: plenty, stranger: plenty, poll: plenty };
const segment = fc.oneof(
  fc.uuid(),
  fc.stringMatching(/^[a-z0-9]{1,12}$/),
  fc.string(),
  fc.constant(".."),
);

for (const [path, methods] of Object.entries(describeApi().paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    test(`whatever is sent to ${operation.operationId}, the answer is its own or a problem that is not ours`, async (t) => {
      const api = await ApiUnderTest.start(t, fakeOperations(), { limits });
      api.caller = boss;
      const schema = operation.requestBody?.content["application/json"]?.schema;
      const bodies = fc.oneof(
        schema === undefined ? fc.constant(undefined) : arbitraryOf(schema),
        fc.jsonValue(),
        fc.constant(undefined),
      );
      const raws = fc.option(fc.oneof(fc.string(), fc.constant("[".repeat(50_000))), {
        freq: 4,
        nil: undefined,
      });
      await fc.assert(
        fc.asyncProperty(segment, bodies, raws, async (word, body, raw) => {
          const place = path.replace(/\{\w+\}/, encodeURIComponent(word) || "x");
          const sent = raw === undefined ? { body } : { raw };
          const got = await api.send(method.toUpperCase(), place, sent);
          if (got.status === 200) return;
          const { code, status } = problemSchema.parse(got.body);
          t.not(code, "internal", got.text);
          t.true(status < 500, got.text);
        }),
        { numRuns: 30 },
      );
    });
  }
}
