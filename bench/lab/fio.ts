import * as z from "zod";
import type { Machine } from "../../lab/machine.ts";

const files = 200;
const patience = 300_000;

/** What fio does in a directory, one after the other: a later job finds there what an earlier one made. */
export const jobs = {
  write: { what: "write 24 MiB, with fsync", unit: "MiB/s" },
  read: { what: "read 24 MiB", unit: "MiB/s" },
  create: { what: `create ${files} files of 4 KiB`, unit: "/s" },
  stat: { what: `stat ${files} files`, unit: "/s" },
  unlink: { what: `unlink ${files} files`, unit: "/s" },
} as const;

export type Job = keyof typeof jobs;

const side = z.object({ bw: z.number(), iops: z.number() });
const result = z.object({
  jobs: z.array(z.object({ jobname: z.string(), error: z.literal(0), read: side, write: side })),
});

// Nothing is left in the node's memory of what it wrote; the NAS has it in its own.
const forget = "/run/bench-forget";
const prepare = `printf '#!/bin/sh\\nsync; echo 3 >/proc/sys/vm/drop_caches\\n' >${forget}; chmod +x ${forget}`;
const large = "--filename=large --size=24M --bs=1M --ioengine=psync";
const small = `--filename_format='small.$filenum' --nrfiles=${files} --filesize=4k --bs=4k --openfiles=1 --file_service_type=sequential`;
const script = [
  // Without create_on_open it would make all files before the first job.
  "fio --output-format=json --thread --fallocate=none --create_on_open=1",
  `--name=write --rw=write --end_fsync=1 ${large}`,
  `--name=read --stonewall --exec_prerun=${forget} --rw=read ${large}`,
  `--name=create --stonewall --rw=write --ioengine=psync ${small}`,
  `--name=stat --stonewall --exec_prerun=${forget} --ioengine=filestat ${small}`,
  `--name=unlink --stonewall --ioengine=filedelete ${small}`,
].join(" ");

/** Runs all jobs in a new directory below `folder`, one fio for all: to start it costs an emulated machine seconds. */
export async function runFio(machine: Machine, folder: string): Promise<Record<Job, number>> {
  const said = await machine.must(
    `set -e; ${prepare}; cd ${folder}; work=$(mktemp -d fio.XXXXXX); cd $work; ${script}; cd ..; rm -r $work`,
    { timeout: patience },
  );
  const speeds = { write: 0, read: 0, create: 0, stat: 0, unlink: 0 };
  for (const { jobname, read, write } of result.parse(JSON.parse(said.slice(said.indexOf("{"))))
    .jobs) {
    const job = jobname as Job;
    speeds[job] =
      jobs[job].unit === "/s"
        ? Math.max(read.iops, write.iops)
        : Math.max(read.bw, write.bw) / 1024;
  }
  return speeds;
}
