import { conformance } from "../conformance.ts";
import { directoryStorage, temporaryDirectory } from "../places.ts";

conformance("dir://", async (t) => {
  const path = await temporaryDirectory(t);
  return { connect: () => directoryStorage(path) };
});
