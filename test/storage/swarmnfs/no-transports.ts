import type { TransportEffects } from "../../../storage/nfs/transports.ts";

/** A node whose kernel has no connection to any NFS server. */
export const noTransports: TransportEffects = { withTransports: (work) => work([]) };
