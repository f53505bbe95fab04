/** Faults that the backup service is tested against, by their numbers. */
export const faultGroups: readonly {
  readonly heading: string;
  readonly from: number;
  readonly names: readonly string[];
}[] = [
  {
    heading: "The way to the backup server",
    from: 1,
    names: [
      "The server is down: before a run, in the middle of it, for good",
      "Connections are reset after some bytes",
      "No space is left, or a quota is used up",
      "The password is wrong or changes; something is not allowed",
      "The server takes no files as large as a pack",
      "Locks of others on the server",
      "The server is busy and asks to wait",
      "The server says that it has stored what it has not",
      "A disk that is not mounted, a path that leads elsewhere",
      "Redirects",
      "Certificates: unknown, expired, for another name, another one than was pinned",
      "The server is silent, or as slow as if it were",
      "A move that was done, but not answered",
      "Folders: every answer there is to making one",
      "Listings that lack files, or are none",
      "Two addresses of one server",
      "A name that gets another address",
    ],
  },
  {
    heading: "The repository",
    from: 18,
    names: [
      "Packs that are cut short, empty, changed or missing",
      "Indexes, versions and locks that are missing, twice or cut short",
      "Locks that were left",
      "Passwords and keys",
      "Two services at once",
      "A newer restic's repository",
      "Foreign files among ours",
      "A configuration that was overwritten",
    ],
  },
  {
    heading: "Processes and machines",
    from: 26,
    names: [
      "Killed at any moment",
      "Killed for its memory",
      "Local disks that are full",
      "Clocks that are wrong or jump",
      "Runs that overlap, are missed, or all come at once",
    ],
  },
  {
    heading: "What is backed up",
    from: 31,
    names: [
      "An app's files are gone, not mounted, or mostly gone",
      "The storage stops answering while it is read",
      "Files that change while they are read",
      "Files that vanish or cannot be read",
      "A storage that lets root read nothing",
    ],
  },
  {
    heading: "Kinds of files",
    from: 36,
    names: [
      "Names that are hard to hold",
      "Paths longer than 4096 bytes",
      "Links, pipes, sockets, devices, owners, modes, times, attributes",
      "Files with holes",
      "Very large, empty, and very many files",
      "The same in the browsable copy",
    ],
  },
  {
    heading: "Restoring",
    from: 42,
    names: [
      "Into a volume that is not empty",
      "Interrupted, and taken up again",
      "Single files, patterns, folders; to new volumes and other apps",
      "While the app runs",
      "Into too little space",
      "From a server that is only read",
      "With nothing left but the server and the password",
    ],
  },
];
