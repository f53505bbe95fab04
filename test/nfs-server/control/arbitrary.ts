import * as fc from "fast-check";
import type { JsonSchema } from "../../../nfs-server/control/openapi.ts";

/** Everything that a JSON schema allows, as far as ours use it. */
export function arbitraryOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map(arbitraryOf));
  const types: unknown = schema.type;
  if (Array.isArray(types))
    return fc.oneof(
      ...types.map((type: NonNullable<JsonSchema["type"]>) => arbitraryOf({ ...schema, type })),
    );
  switch (schema.type) {
    case "string":
      return text(schema);
    case "integer":
      return fc.integer({
        min: Math.max(schema.minimum ?? -(2 ** 31), -(2 ** 31)),
        max: Math.min(schema.maximum ?? 2 ** 31, 2 ** 31),
      });
    case "number":
      return fc.double({ noNaN: true, noDefaultInfinity: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(arbitraryOf((schema.items ?? {}) as JsonSchema), { maxLength: 4 });
    case "object":
      return object(schema);
    case undefined:
      break;
  }
  return fc.jsonValue();
}

function text({ format, pattern, minLength, maxLength }: JsonSchema): fc.Arbitrary<unknown> {
  if (format === "uuid") return fc.uuid({ version: [1, 2, 3, 4, 5, 6, 7, 8] });
  if (format === "date-time") {
    const options = {
      min: new Date(0),
      max: new Date("2100-01-01T00:00:00Z"),
      noInvalidDate: true,
    };
    return fc.date(options).map((date) => date.toISOString());
  }
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  return fc.string({
    minLength: minLength ?? 0,
    maxLength: Math.min(maxLength ?? 30, 30),
    unit: "binary",
  });
}

function object(schema: JsonSchema): fc.Arbitrary<unknown> {
  const properties = Object.entries(schema.properties ?? {}).map(
    ([name, property]) => [name, arbitraryOf(property as JsonSchema)] as const,
  );
  const { additionalProperties: others } = schema;
  if (properties.length === 0 && typeof others === "object")
    return fc.dictionary(fc.string(), arbitraryOf(others), { maxKeys: 4 });
  return fc.record(Object.fromEntries(properties), { requiredKeys: schema.required ?? [] });
}
