import { conformance } from "../conformance.ts";
import { guardedStorage, temporaryDirectory } from "../places.ts";

conformance("guarded", async (t) => {
  const path = await temporaryDirectory(t);
  return { connect: () => guardedStorage(t, path) };
});
