import type { RequestListener } from "node:http";
import { RootSocket } from "../../service/root-socket.ts";

/** Where `swarmnfs server …` finds it in the server's container. */
export const adminSocketPath = "/run/swarmnfs/server.sock";

/** The control API for administrators: whoever is root in the server's container. */
export class AdminSocket extends RootSocket {
  constructor(api: RequestListener, path: string = adminSocketPath) {
    super(api, path, "storage server");
  }
}
