import { Validator } from "@seriousme/openapi-schema-validator";
import test from "ava";
import { describeApi } from "../../../nfs-server/control/openapi.ts";
import type { Route } from "../../../storage/swarmnfs/protocol/route.ts";
import { routes } from "../../../storage/swarmnfs/protocol/routes.ts";

const document = describeApi();

test("the description of the control API is valid OpenAPI 3.1", async (t) => {
  const { valid, errors } = await new Validator().validate({ ...structuredClone(document) });
  t.deepEqual(errors ?? [], []);
  t.true(valid);
});

for (const [name, route] of Object.entries<Route>(routes)) {
  test(`the description of the control API has ${name}, whole`, (t) => {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    const operation = document.paths[path]?.[route.method.toLowerCase()];
    t.is(operation?.operationId, name);
    t.is(operation?.summary, route.summary);
    t.is(operation?.requestBody !== undefined, route.method === "POST" || route.method === "PATCH");
    t.truthy(operation?.responses["200"]?.content["application/json"]?.schema);
    const named = operation?.parameters.filter(
      (parameter) => "in" in parameter && parameter.in === "path",
    );
    t.is(named?.length, [...route.path.matchAll(/:/g)].length);
  });
}

test("no two routes are the same", (t) => {
  const all = Object.values<Route>(routes).map(({ method, path }) => `${method} ${path}`);
  t.is(new Set(all).size, all.length);
  t.is(Object.values(document.paths).flatMap((path) => Object.keys(path)).length, all.length);
});
