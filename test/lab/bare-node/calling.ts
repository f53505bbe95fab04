import type { Endpoint } from "../../../storage/swarmnfs/endpoint.ts";

/** The same endpoint, called from an address of ours. */
export function calling(from: string, endpoint: Endpoint): Endpoint {
  return {
    label: endpoint.label,
    port: endpoint.port,
    begin: (options, isPoll) => endpoint.begin({ ...options, localAddress: from }, isPoll),
    dropIdle: () => endpoint.dropIdle(),
    close: () => endpoint.close(),
  };
}
