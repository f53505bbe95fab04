import type { ExecutionContext } from "ava";
import { connect, type TargetSettings } from "../../../backup-sidecar/repository/target/connect.ts";
import { RestBridge } from "../../../backup-sidecar/repository/bridge/rest-bridge.ts";
import { parseTarget } from "../../../backup-sidecar/repository/target/target.ts";
import type { WebdavRemote } from "../../../backup-sidecar/repository/webdav/webdav-remote.ts";
import type { DavServer } from "../servers/dav-server.ts";

/** A real WebDAV server, and our bridge to it. */
export interface Dav {
  readonly server: DavServer;
  /** Our folder below its base. */
  readonly storage: string;
  readonly remote: WebdavRemote;
  readonly bridge: RestBridge;
}

export async function openDav(t: ExecutionContext, server: DavServer): Promise<Dav> {
  const storage = "storage1";
  const { remote, bridge } = await bridgeTo(server, storage);
  t.teardown(() => bridge.close());
  return { server, storage, remote, bridge };
}

/** A bridge of a process of its own. */
export async function bridgeTo(
  { url, user, password }: Pick<DavServer, "url" | "user" | "password">,
  storage: string,
): Promise<Pick<Dav, "remote" | "bridge">> {
  const settings: TargetSettings = {
    addresses: async () => parseTarget(url),
    credentials: { read: async () => ({ user, password }) },
    trust: { ca: null, pin: null },
    storage,
    redirectHosts: [],
  };
  const { remote } = await connect(settings, { known: null, mayWrite: true });
  const bridge = await RestBridge.listen(remote, { uploadsFailMs: 60_000 });
  return { remote, bridge };
}
