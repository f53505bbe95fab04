import type { BenchProfile } from "../../storage/bench-report.ts";
import { type Scale, sizes } from "./profiles.ts";

/**
 * The words of one fio, which does all jobs one after the other in `/bench` and removes what it made there. `direct`: a
 * database's reads and writes go past the node's memory, as many databases' do.
 */
export function fioWords(
  profiles: readonly BenchProfile[],
  scale: Scale,
  direct: boolean,
): readonly string[] {
  // Without create_on_open all files would be made before the first job.
  const all = `--output-format=json --directory=/bench --thread --group_reporting --fallocate=none --create_on_open=1 --percentile_list=50:99 --stonewall`;
  const jobs = profiles.flatMap((profile) => jobsOf(profile, scale, direct));
  return [all, ...jobs].join(" ").split(" ");
}

function jobsOf(profile: BenchProfile, scale: Scale, direct: boolean): readonly string[] {
  const timed = `--time_based=1 --runtime=${scale.seconds}`;
  const large = `--filename=large --size=${scale.large} --ioengine=psync`;
  const removeLarge = `--name=remove-large ${large} --ioengine=filedelete --bs=${scale.large}`;
  const makeLarge = `--rw=write --bs=1M --end_fsync=1 ${large}`;
  switch (profile) {
    case "database": {
      const log = `--filename=log --size=${sizes.log} --ioengine=psync`;
      return [
        `--name=database-make ${makeLarge}`,
        `--name=database-mixed --rw=randrw --rwmixread=70 --bs=8k --numjobs=4 --direct=${Number(direct)} ${large} ${timed}`,
        `--name=database-commit --rw=write --bs=8k --fdatasync=1 ${log} ${timed}`,
        `--name=remove-log ${log} --ioengine=filedelete --bs=${sizes.log}`,
        removeLarge,
      ];
    }
    case "web": {
      const { pages, page: size } = sizes;
      const page = `--filename_format=page.$filenum --nrfiles=${pages} --filesize=${size} --size=${pages * size} --bs=${size} --openfiles=1`;
      return [
        `--name=web-make --rw=write --ioengine=psync --file_service_type=sequential ${page}`,
        `--name=web-read --rw=read --ioengine=psync --file_service_type=random --numjobs=4 ${page} ${timed}`,
        `--name=remove-pages --ioengine=filedelete --file_service_type=sequential ${page}`,
      ];
    }
    case "streaming":
      return [
        `--name=streaming-write ${makeLarge}`,
        `--name=streaming-read --rw=read --bs=1M ${large}`,
        removeLarge,
      ];
    case "files": {
      const small = `--filename_format=small.$filenum --nrfiles=${scale.files} --filesize=${sizes.small} --bs=${sizes.small} --openfiles=1 --file_service_type=sequential`;
      return [
        `--name=files-create --rw=write --ioengine=psync ${small}`,
        `--name=files-stat --ioengine=filestat ${small}`,
        `--name=files-delete --ioengine=filedelete ${small}`,
      ];
    }
  }
}
