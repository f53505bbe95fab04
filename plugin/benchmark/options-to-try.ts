import type { AccessMode, VolumeRecord } from "../../storage/records/volume.ts";

/** A change of a volume's mount options that may be worth it. */
export interface Candidate {
  /** `noatime`, `without sync`. */
  readonly option: string;
  /** All of the volume's mount options, with the change. */
  readonly mountOptions: readonly string[];
  /** What one gives up for it. */
  readonly costs: string;
}

interface LeftOut {
  readonly what: string;
  readonly why: string;
}

/** What is slower than need be, and what one gives up without it; on NFS, where mount options are each volume's own. */
const slowing: readonly { readonly words: readonly string[]; readonly costs: string }[] = [
  {
    words: ["sync", "dirsync"],
    costs:
      "what a program wrote in the last seconds is lost when the node's power fails, unless it asked for it by fsync, as databases do",
  },
  {
    words: ["lookupcache", "actimeo", "acregmin", "acregmax", "acdirmin", "acdirmax"],
    costs: "what other nodes change shows up some seconds later",
  },
  {
    words: ["rsize", "wsize"],
    costs: "nothing: the node and the server agree on the largest size",
  },
];

/** Bound to one node at a time, attributes may be remembered for long. */
const longMemory = "actimeo=600";

/** Which options are tried on a volume of that storage. Only what a volume may say for itself, beside other volumes. */
export function optionsToTry(
  { mountOptions, access }: Pick<VolumeRecord, "mountOptions" | "access">,
  storage: string,
): readonly Candidate[] {
  if (storage.startsWith("dir:")) {
    if (mountOptions.includes("noatime")) return [];
    return [
      {
        option: "noatime",
        mountOptions: [...mountOptions.filter((option) => option !== "relatime"), "noatime"],
        costs: "programs that look at when a file was last read are told an old time",
      },
    ];
  }
  const without = slowing.flatMap(({ words, costs }): Candidate[] => {
    const there = mountOptions.filter((option) => words.includes(wordOf(option)));
    if (there.length === 0) return [];
    const rest = mountOptions.filter((option) => !there.includes(option));
    return [{ option: `without ${there.join(",")}`, mountOptions: rest, costs }];
  });
  const hasMemory = mountOptions.some((option) => /^(ac|lookupcache)/.test(option));
  return hasMemory ? without : [...without, remembering(mountOptions, access)];
}

function remembering(mountOptions: readonly string[], access: AccessMode): Candidate {
  const always = "what other nodes change shows up up to 10 min later";
  return {
    option: longMemory,
    mountOptions: [...mountOptions, longMemory],
    costs:
      access === "exclusive"
        ? `${always}; this volume is exclusive, so there are none`
        : `${always}: for a volume that one node uses at a time, as with access=exclusive`,
  };
}

/** What is not tried on that storage, and why. */
export function notTried(storage: string): readonly LeftOut[] {
  const elsewhere = {
    what: "another node",
    why: "what it reaches can be measured only there: run this command on it as well",
  };
  if (storage.startsWith("dir:"))
    return [
      {
        what: "the storage's own disk",
        why: "the volume is a directory of it, with nothing in between",
      },
      elsewhere,
    ];
  return [
    {
      what: "the storage's own disk",
      why: "it is reached on the server alone",
    },
    {
      what: "nconnect",
      why: "all mounts of one server share its connections, and the first mount decides how many: it cannot be tried beside what is mounted",
    },
    {
      what: "noatime",
      why: "over NFS it is the server that notes when a file was read; this option of a node changes nothing",
    },
    {
      what: "access=exclusive",
      why: "by itself it changes nothing in how a volume is mounted; it makes a long memory of attributes safe, which is tried",
    },
    elsewhere,
  ];
}

function wordOf(option: string): string {
  return option.split("=", 1)[0] ?? "";
}
