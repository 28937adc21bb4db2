import type { Readable } from 'node:stream';
import { bytesDuplex } from './bytes-duplex.ts';
import type { Session } from './sessions.ts';

/** An archive that a client has read from its standard input, by the address that it gave to it. */
export function pullUpload({ connection }: Session, address: string, signal: AbortSignal): Readable {
  const { pathname, host } = new URL(address);
  const { stream } = connection.open('/moby.upload.v1.Upload/Pull', { urlpath: pathname, urlhost: host }, signal);
  return bytesDuplex(stream);
}
