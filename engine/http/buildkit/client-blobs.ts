import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Digest } from '../../base/digest.ts';
import { EngineError } from '../../base/errors.ts';
import type { ForeignBlobs } from '../../services/images/image-service.ts';
import * as wire from './generated/content_pb.ts';
import { GrpcFailure } from './grpc-status.ts';
import type { Session } from './sessions.ts';

const service = '/containerd.services.content.v1.Content/';
/** By which the client knows which of its stores is meant. */
const storeId = 'buildkit-attachable-store-id';
const codes = { notFound: 5, alreadyExists: 6 };
const actions = { write: 1, commit: 2 };
/** Bytes of one message. */
const longestPiece = 1 << 20;

/** A store of content in a folder of the client (containerd: api/services/content). */
export function clientBlobs({ connection }: Session, store: string, signal: AbortSignal): ForeignBlobs {
  const open = (method: string) => connection.open(`${service}${method}`, { [storeId]: store }, signal);
  return {
    async has(digest) {
      const call = open('Info');
      call.send(toBinary(wire.InfoRequestSchema, create(wire.InfoRequestSchema, { digest })));
      call.end();
      try {
        for await (const _ of call.messages());
        return true;
      } catch (error) {
        if (error instanceof GrpcFailure && error.code === codes.notFound) return false;
        throw error;
      }
    },
    async *read(digest) {
      const call = open('Read');
      call.send(toBinary(wire.ReadContentRequestSchema, create(wire.ReadContentRequestSchema, { digest })));
      call.end();
      try {
        for await (const message of call.messages()) yield fromBinary(wire.ReadContentResponseSchema, message).data;
      } catch (error) {
        if (error instanceof GrpcFailure && error.code === codes.notFound)
          throw new EngineError('not-found', `${digest} is not in the folder of the client`, { cause: error });
        throw error;
      }
    },
    async write(blob, pieces) {
      const call = open('Write');
      const answers = call.messages();
      const ask = async (message: Partial<Omit<wire.WriteContentRequest, '$typeName' | '$unknown'>>) => {
        const request = create(wire.WriteContentRequestSchema, { ref: `beluga-${blob.digest}`, ...message });
        call.send(toBinary(wire.WriteContentRequestSchema, request));
        const { done } = await answers.next();
        if (done) throw new EngineError('unavailable', 'the client has left before all of the cache was written');
      };
      try {
        await writeAll(ask, blob, pieces);
      } catch (error) {
        if (!(error instanceof GrpcFailure && error.code === codes.alreadyExists)) throw error;
      } finally {
        call.end();
        await answers.return(undefined);
      }
    },
  };
}

/** One message after the other: each is answered. */
async function writeAll(
  ask: (message: {
    action: number;
    total?: bigint;
    offset: bigint;
    expected?: string;
    data?: Uint8Array;
  }) => Promise<void>,
  { digest, size }: { digest: Digest; size: number },
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  let offset = 0;
  const [total, expected] = [BigInt(size), digest];
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += longestPiece) {
      const data = piece.subarray(at, at + longestPiece);
      await ask({ action: actions.write, total, expected, offset: BigInt(offset), data });
      offset += data.length;
    }
  }
  await ask({ action: actions.commit, total, expected, offset: BigInt(offset) });
}
