import path from "node:path";
import { diskFiles } from "./disks.ts";
import type { LabPlan, MachinePlan } from "./plan.ts";

/** How people start our NFS server. */
const composeFile = path.join(import.meta.dirname, "../deploy/nfs-server.compose.yml");

/** How QEMU runs machines here: on the processor itself, or emulated. */
export type Accelerator = LabPlan["accelerator"];

const processor = {
  kvm: "-accel kvm -cpu host -smp 2",
  // Without -cx16, kernel 6.12 under QEMU 7.2 dies within minutes: its emulation of cmpxchg16b corrupts flags. With two
  // processors it dies now and then of a breakpoint: code that one of them has just patched is still old for the other.
  // For a single processor, emulation that need not care for others is faster; its cache is bounded to half of the usual.
  tcg: "-accel tcg,thread=single,tb-size=512 -cpu max,-cx16,-la57 -smp 1",
} as const;

/** The name of the network card at the lab's Ethernet, as the machine's control socket knows it. */
export const ethernetCard = "ethernet";

/** What QEMU is started with, in the machine's folder. */
export function qemuArguments(lab: LabPlan, machine: MachinePlan): string[] {
  return [
    ...bareMachine(lab.accelerator, machine.memory),
    ...kernel(lab),
    ...words("-chardev file,id=console,path=console.log,append=on -serial chardev:console"),
    ...words("-qmp unix:control.sock,server=on,wait=off"),
    ...diskFiles(machine.role).flatMap(disk),
    ...network(lab, machine),
    ...["config", "hosts", "names"].flatMap((name) => given(name, name)),
    ...given("key", "../key.pub"),
    ...given("init", path.join(import.meta.dirname, "image/machine-init.sh")),
    ...(machine.role === "storage" ? given("compose", composeFile) : []),
  ];
}

/** A machine without disks or network, whose kernel starts and then ends it for want of a root: the shortest boot. */
export function probeArguments(accelerator: Accelerator, boot: LabPlan["system"]): string[] {
  return [
    ...bareMachine(accelerator, 512),
    ...words("-serial stdio -kernel"),
    boot.kernel,
    "-append",
    "console=ttyS0 panic=-1",
  ];
}

function bareMachine(accelerator: Accelerator, memory: number): string[] {
  const machine = `-m ${memory} -nodefaults -display none -no-reboot`;
  return [...words(processor[accelerator]), ...words(machine)];
}

/** None of them may have a space, as paths may. */
function words(line: string): string[] {
  return line.split(" ");
}

function kernel({ system }: LabPlan): string[] {
  const line =
    "root=/dev/vda rw init=/sbin/lab-init console=ttyS0 quiet net.ifnames=0 panic=-1 oops=panic " +
    // What costs an emulated machine a tenth of its time and the lab needs not.
    "mitigations=off init_on_alloc=0 audit=0 " +
    // On a busy host a machine stands still now and then; its kernel must not blame the clock and take a slow one.
    "tsc=reliable";
  return ["-kernel", system.kernel, "-initrd", system.initrd, "-append", line];
}

function disk(file: string): string[] {
  const id = path.parse(file).name;
  return [
    "-drive",
    `file=${file},if=none,id=${id}`,
    "-device",
    `virtio-blk-pci,drive=${id},serial=${id}`,
  ];
}

function network(lab: LabPlan, machine: MachinePlan): string[] {
  return [
    "-netdev",
    `socket,id=cable,mcast=${lab.ethernet},localaddr=127.0.0.1`,
    "-device",
    // status=off: a cut cable is noticed by silence, as one is that was cut beyond the next switch.
    `virtio-net-pci,id=${ethernetCard},netdev=cable,mac=${machine.mac},romfile=,status=off`,
    "-netdev",
    `user,id=control,restrict=on,hostfwd=tcp:127.0.0.1:${machine.sshPort}-10.0.2.15:22`,
    "-device",
    "virtio-net-pci,netdev=control,romfile=",
  ];
}

/** A file that the machine finds below /sys/firmware/qemu_fw_cfg. */
function given(name: string, file: string): string[] {
  return ["-fw_cfg", `name=opt/lab/${name},file=${file}`];
}
