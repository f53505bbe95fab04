import type { Machine } from "../../lab/machine.ts";

/** What Docker answered to the start of a container: its HTTP status, after how many seconds, in which words. */
export interface Start {
  readonly name: string;
  readonly status: number;
  readonly seconds: number;
  readonly words: string;
}

/** One process for each: twenty Docker clients would first queue for an emulated machine's processor. */
const program = `
use IO::Socket::UNIX;
sub clock { open my $file, "<", "/proc/uptime"; (split " ", <$file>)[0] }
for my $name (@ARGV) {
  next if fork;
  my $began = clock();
  my $docker = IO::Socket::UNIX->new(Peer => "/run/docker.sock") or die "no Docker: $!";
  print $docker "POST /containers/$name/start HTTP/1.0\\r\\nContent-Length: 0\\r\\n\\r\\n";
  $docker->flush;
  my ($head, $words) = split /\\r\\n\\r\\n/, join("", <$docker>), 2;
  $words =~ s/\\s+/ /g;
  printf "%s %d %.1f %s\\n", $name, (split " ", $head)[1], clock() - $began, $words;
  exit;
}
1 while wait != -1;
`;

/** Asks the node's engine, through its socket, to start these containers in the same moment; all have ended then. */
export async function startAtOnce(node: Machine, containers: readonly string[]): Promise<Start[]> {
  const script = `perl - ${containers.join(" ")} <<'PROGRAM'${program}PROGRAM`;
  const lines = await node.must(script, { timeout: 300_000 });
  return lines.split("\n").map((line) => {
    const [name = "", status, seconds, ...words] = line.split(" ");
    return { name, status: Number(status), seconds: Number(seconds), words: words.join(" ") };
  });
}
