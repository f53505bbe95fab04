import type { Fault } from "./fault-kind.ts";
import { ethernetCard } from "./qemu.ts";
import { reboot } from "./reboot.ts";

/** The file system of which "disk-full" takes all. */
const diskOf = { nas: "/volume1", node: "/var/lib", storage: "/nfs_volumes" } as const;

/** What can go wrong with every machine. */
export const machineFaults: Readonly<Record<string, Fault>> = {
  cut: {
    what: "its Ethernet cable is cut: packets vanish",
    endsWithPower: true,
    begin: (machine) => machine.hardware("set_link", { name: ethernetCard, up: false }),
    end: (machine) => machine.hardware("set_link", { name: ethernetCard, up: true }),
  },
  freeze: {
    what: "it stands still, and knows nothing of it afterwards",
    endsWithPower: true,
    begin: (machine) => machine.hardware("stop"),
    end: (machine) => machine.hardware("cont"),
  },
  slow: {
    what: "what it sends takes 200 ms more and passes at 2 Mbit/s, one packet in a hundred is lost",
    endsWithPower: true,
    begin: (machine) =>
      machine.must("tc qdisc replace dev eth0 root netem delay 200ms 50ms loss 1% rate 2mbit"),
    end: (machine) => machine.must("tc qdisc del dev eth0 root"),
  },
  "power-off": {
    what: "the plug is pulled",
    endsWithPower: false,
    begin: (machine) => machine.powerOff(),
    end: async (machine) => {
      await machine.start();
      await machine.ready();
    },
  },
  reboot: {
    what: "it is rebooted in order; that mends itself",
    endsWithPower: true,
    begin: reboot,
    end: (machine) => machine.ready(),
  },
  "dns-dead": {
    what: "its resolver takes questions and does not answer",
    endsWithPower: true,
    begin: (machine) => machine.must("kill -STOP $(cat /run/dnsmasq.pid)"),
    end: (machine) => machine.must("kill -CONT $(cat /run/dnsmasq.pid)"),
  },
  "disk-full": {
    what: "no byte is left: where the NAS has its shares, the storage machine its volumes, a node the plugin's state",
    endsWithPower: false,
    begin: (machine) => machine.must(fill(diskOf[machine.plan.role]), { timeout: 300_000 }),
    end: (machine) =>
      machine.must(
        `cd ${diskOf[machine.plan.role]} && rm -f lab-filler lab-filler-crumbs lab-filler-probe`,
      ),
  },
};

/**
 * Takes all there is in one piece, then the crumbs, until not one block more can be written: what others delete comes free,
 * and XFS keeps for itself what `df` still shows.
 */
function fill(place: string): string {
  return `cd ${place} || exit
    fallocate -l $(df --output=avail --block-size=1 . | tail -n 1) lab-filler 2>/dev/null
    cat /dev/zero >>lab-filler-crumbs 2>/dev/null
    sync
    for round in 1 2 3 4 5 6 7 8 9 10; do
      dd if=/dev/zero of=lab-filler-crumbs bs=4096 oflag=append,dsync conv=notrunc 2>/dev/null
      dd if=/dev/zero of=lab-filler-probe bs=4096 count=1 conv=fsync 2>/run/lab-filler || exit 0
      rm lab-filler-probe
    done
    cat /run/lab-filler >&2
    echo "something can still be written: $(df --output=avail --block-size=1 . | tail -n 1) bytes are free" >&2
    exit 1`;
}
