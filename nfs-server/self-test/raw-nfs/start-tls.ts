import { once } from "node:events";
import type { Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import type { TlsIdentity } from "../../../storage/tls/tlshd.ts";
import { RecordAssembler, markRecord } from "./record-marking.ts";
import { formatTlsProbe, parseTlsAnswer } from "./rpc-message.ts";

/** Makes a connection TLS, as RFC 9289 has it: asks first, by a call that means nothing else. Throws where the server will not. */
export async function startTls(
  socket: Socket,
  { certificate, key, authority }: TlsIdentity,
  host: string,
  patience: number,
): Promise<TLSSocket> {
  const signal = AbortSignal.timeout(patience);
  const assembler = new RecordAssembler();
  socket.write(markRecord(formatTlsProbe(1)));
  for (;;) {
    const [bytes] = (await once(socket, "data", { signal })) as [Buffer];
    const [answer] = assembler.add(bytes);
    if (answer === undefined) continue;
    if (!parseTlsAnswer(answer)) throw new Error("the server speaks no TLS");
    break;
  }
  const secure = connect({
    socket,
    host,
    cert: certificate,
    key,
    ca: authority,
    ALPNProtocols: ["sunrpc"],
    minVersion: "TLSv1.3",
  });
  await once(secure, "secureConnect", { signal });
  return secure;
}
