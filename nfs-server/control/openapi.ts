import * as z from "zod";
import { version } from "../../service/version.ts";
import { problemSchema } from "../../storage/swarmnfs/protocol/problem.ts";
import { isWrite, paramSchemas, type Route } from "../../storage/swarmnfs/protocol/route.ts";
import { routes } from "../../storage/swarmnfs/protocol/routes.ts";

/** `openapi.json`: OpenAPI 3.1, made from the routes. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: object;
  readonly components: object;
  readonly paths: Readonly<Record<string, Readonly<Record<string, PathOperation>>>>;
}

export interface PathOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly object[];
  readonly requestBody?: { readonly required: true; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content: Content }>>;
  readonly security: readonly object[];
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The control API, described by what it is made from. */
export function describeApi(): OpenApiDocument {
  const paths: Record<string, Record<string, PathOperation>> = {};
  for (const [name, route] of Object.entries<Route>(routes)) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(name, route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "The control API of a swarmnfs storage node",
      version,
      description:
        "Nodes speak it with the certificates that they got for a join token; administrators through the socket in the server's container. Errors are RFC 9457 problems: decide by their code.",
    },
    paths,
    components: {
      schemas: { Problem: jsonSchema(problemSchema, "output") },
      securitySchemes: { node: { type: "mutualTLS", description: "A node's own certificate" } },
    },
  };
}

function operation(name: string, route: Route): PathOperation {
  const body = bodyOf(route);
  return {
    operationId: name,
    summary: route.summary,
    description: whoMay(route),
    parameters: [...paramsOf(route), ...headersOf(route)],
    ...(body === null
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: body } } } }),
    responses: {
      "200": {
        description: "It is so, or was done",
        content: { "application/json": { schema: jsonSchema(route.answer, "output") } },
      },
      default: {
        description: "No, and why",
        content: {
          "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
        },
      },
    },
    security: route.who === "anyone" ? [] : [{ node: [] }],
  } as PathOperation;
}

function whoMay({ who, longPoll }: Route): string {
  const roles =
    who === "anyone" ? "Anyone" : `Roles: ${[...new Set([...who, "admin"])].join(", ")}`;
  return longPoll === true ? `${roles}. A long poll.` : `${roles}.`;
}

function paramsOf({ path }: Route): object[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: jsonSchema(paramSchemas[name as keyof typeof paramSchemas], "input"),
  }));
}

function headersOf(route: Route): object[] {
  if (!isWrite(route)) return [];
  return [
    {
      name: "Idempotency-Key",
      in: "header",
      required: false,
      description: "The same key within 10 minutes: the same answer, and nothing is done twice",
      schema: { type: "string", minLength: 1, maxLength: 128 },
    },
  ];
}

function bodyOf({ body }: Route): JsonSchema | null {
  return body instanceof z.ZodUndefined ? null : jsonSchema(body, "input");
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io });
  return described;
}
