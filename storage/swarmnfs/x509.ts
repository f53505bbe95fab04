// oxlint-disable-next-line import/no-unassigned-import -- the library finds its parts by decorators, which need it loaded first
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

/** Certificates and requests for them. Takes a while to load: a node that is enrolled needs it once a month. */
export { x509 };

/** The keys and signatures of all certificates of ours. */
export const keyAlgorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
