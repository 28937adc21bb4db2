import type { ClientHttp2Stream, ServerHttp2Stream } from 'node:http2';
import { Duplex } from 'node:stream';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BytesMessageSchema } from './generated/control_pb.ts';
import { createDeframer, frameOf } from './grpc-frames.ts';

/** Longest piece that is sent in one message, in bytes. */
const longestPiece = 32 << 10;

/** The bytes that go through a stream of BytesMessage, both ways. `onEnd`: instead of ending the stream. */
export function bytesDuplex(
  stream: ClientHttp2Stream | ServerHttp2Stream,
  { onEnd = () => void stream.end() }: { onEnd?: () => void } = {},
): Duplex {
  const deframe = createDeframer();
  /** Ends the write that waits for room. */
  let waiting: ((error?: Error) => void) | undefined;
  const duplex = new Duplex({
    read: () => void stream.resume(),
    write(chunk: Buffer, _encoding, done) {
      const frames: Buffer[] = [];
      for (let at = 0; at < chunk.length; at += longestPiece) {
        const message = create(BytesMessageSchema, { data: chunk.subarray(at, at + longestPiece) });
        frames.push(frameOf(toBinary(BytesMessageSchema, message)));
      }
      if (stream.destroyed || stream.writableEnded) done(left());
      else if (stream.write(Buffer.concat(frames))) done();
      else waiting = done;
    },
    final(done) {
      onEnd();
      done();
    },
    destroy(error, done) {
      if (!stream.destroyed) stream.close();
      done(error);
    },
  });
  const wake = (error?: Error) => {
    const done = waiting;
    waiting = undefined;
    done?.(error);
  };
  stream.on('drain', () => wake());
  stream.on('data', (chunk: Buffer) => {
    try {
      for (const message of deframe(chunk))
        if (!duplex.push(fromBinary(BytesMessageSchema, message).data)) stream.pause();
    } catch (error) {
      duplex.destroy(error instanceof Error ? error : undefined);
    }
  });
  let hasEnded = false;
  stream.on('end', () => {
    hasEnded = true;
    duplex.push(null);
  });
  // told by its close
  stream.on('error', () => {});
  stream.on('close', () => {
    wake(left());
    // what came before the end may still be read
    if (!hasEnded) duplex.destroy(left());
  });
  return duplex;
}

const left = () => new Error('the other side has left');
