import type { Fault } from "./fault-kind.ts";
import { reboot } from "./reboot.ts";

const rule = "/etc/modprobe.d/lab-no-nfs.conf";

/** What can go wrong with a swarm node alone. */
export const nodeFaults: Readonly<Record<string, Fault>> = {
  "no-nfs-module": {
    what: "its kernel has no NFS client: the module cannot be loaded (it reboots if NFS is in use)",
    only: "node",
    endsWithPower: false,
    begin: async (node) => {
      await node.must(`printf 'install %s /bin/false\\n' nfs nfsv4 >${rule}`);
      const { exitCode } = await node.run("modprobe --remove nfsv4 nfs", { timeout: 60_000 });
      if (exitCode !== 0) await reboot(node);
    },
    end: (node) => node.must(`rm -f ${rule}`),
  },
};
