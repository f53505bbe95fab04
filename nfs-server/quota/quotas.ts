/** The data disk's way of limiting a directory; the storage itself uses it, in its keeper. */
export type { Quotas } from "../../storage/quota/quotas.ts";
