// Bundled into one file and run on a machine of the lab: what the plugin says to a storage node, without its caution.
import process from "node:process";
import { systemClock } from "../../../service/clock.ts";
import { messageOf } from "../../../service/message-of.ts";
import { UserError } from "../../../service/user-error.ts";
import { ServerName, systemLookup } from "../../../storage/nfs/server-name.ts";
import { fetchAuthority } from "../../../storage/swarmnfs/authority.ts";
import { certificateRequest } from "../../../storage/swarmnfs/certificate-request.ts";
import { ControlClient } from "../../../storage/swarmnfs/control-client.ts";
import {
  TlsEndpoint,
  type Endpoint,
  type TlsIdentity,
} from "../../../storage/swarmnfs/endpoint.ts";
import { parseJoinToken } from "../../../storage/swarmnfs/join-token.ts";
import type { ParamsOf } from "../../../storage/swarmnfs/protocol/params.ts";
import type { AnswerOf, BodyOf, RouteName } from "../../../storage/swarmnfs/protocol/routes.ts";
import { controlPort } from "../../../storage/swarmnfs/swarmnfs-url.ts";
import { calling } from "./calling.ts";
import type { NodeErrand, NodeOutcome } from "./errand.ts";

const timeoutMs = 60_000;

const [, , given = ""] = process.argv;
process.stdout.write(`${JSON.stringify(await outcomeOf(JSON.parse(given) as NodeErrand))}\n`);

async function outcomeOf(errand: NodeErrand): Promise<NodeOutcome> {
  const name = new ServerName(errand.server, systemLookup, systemClock);
  try {
    if (errand.kind === "join") return { answer: await join(errand, name) };
    const { from, identity, route, params, body } = errand;
    const endpoint = calling(from, new TlsEndpoint(name, controlPort, identity));
    const answer = await call(endpoint, route, params as ParamsOf<RouteName>, body as never);
    return { answer };
  } catch (error) {
    const code = error instanceof UserError ? error.code : "";
    return { refused: messageOf(error), code };
  }
}

async function join(
  { from, token, id, name }: Extract<NodeErrand, { kind: "join" }>,
  server: ServerName,
): Promise<TlsIdentity> {
  const authority = await fetchAuthority(server, controlPort, parseJoinToken(token).ca, timeoutMs);
  const { key, request } = await certificateRequest({ id, name });
  const body = { token, id, name, request };
  const endpoint = calling(from, new TlsEndpoint(server, controlPort, { authority }));
  const { certificate } = await call(endpoint, "enrol", {}, body);
  return { certificate, key, authority };
}

async function call<Name extends RouteName>(
  endpoint: Endpoint,
  route: Name,
  params: ParamsOf<Name>,
  body: BodyOf<Name>,
): Promise<AnswerOf<Name>> {
  try {
    return await new ControlClient(endpoint).call(route, params, body, { timeoutMs });
  } finally {
    endpoint.close();
  }
}
