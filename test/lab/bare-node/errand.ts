import type { TlsIdentity } from "../../../storage/swarmnfs/endpoint.ts";
import type { RouteName } from "../../../storage/swarmnfs/protocol/routes.ts";

/** What a node without a plugin is to say to a storage node's control API. Everything in it can be JSON. */
export type NodeErrand = {
  readonly server: string;
  /** An address of the machine to call from. */
  readonly from: string;
} & (
  | {
      readonly kind: "join";
      readonly token: string;
      readonly id: string;
      /** As whom; the token may be for somebody else. */
      readonly name: string;
    }
  | {
      readonly kind: "call";
      /** Without a certificate in it, it is nobody. */
      readonly identity: TlsIdentity;
      readonly route: RouteName;
      readonly params: Readonly<Record<string, string>>;
      readonly body: unknown;
    }
);

/** What came of it. */
export type NodeOutcome =
  | { readonly answer: unknown }
  | { readonly refused: string; readonly code: string };
