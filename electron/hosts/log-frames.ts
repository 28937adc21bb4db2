import type { LogChunk } from '../../engine/compose/docker-host.ts';
import { HostError } from './host-error.ts';

const HEADER = 8;

/**
 * Takes the multiplexed stream of logs and attach apart: each frame is one byte (1 stdout, 2 stderr), three of zero, the
 * length as 32 bits big endian, and so many bytes. Docker Engine API, "Attach to a container".
 * @throws HostError `internal` for a stream that is none, or ends inside a frame.
 */
export async function* readLogFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<LogChunk> {
  let buffer: Uint8Array = new Uint8Array(0);
  for await (const chunk of source) {
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
    let offset = 0;
    while (buffer.length - offset >= HEADER) {
      const view = new DataView(buffer.buffer, buffer.byteOffset + offset, HEADER);
      const kind = view.getUint8(0);
      if (kind > 2) throw new HostError('internal', `The log stream is damaged: ${kind} is no stream.`);
      const end = offset + HEADER + view.getUint32(4);
      if (buffer.length < end) break;
      yield { stream: kind === 2 ? 'stderr' : 'stdout', data: buffer.subarray(offset + HEADER, end) };
      offset = end;
    }
    buffer = buffer.subarray(offset);
  }
  if (buffer.length > 0)
    throw new HostError('unavailable', 'The log stream broke off.', { reason: 'engine.not-answering' });
}
