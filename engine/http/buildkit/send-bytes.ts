import { create, toBinary } from '@bufbuild/protobuf';
import { BytesMessageSchema } from './generated/control_pb.ts';
import type { OpenCall } from './grpc-client.ts';
import type { Session } from './sessions.ts';

/** Where a client takes results: the method, and the header by which it knows which of its outputs it is. */
const fileSend = '/moby.filesync.v1.FileSend/DiffCopy';
const exporterId = 'buildkit-attachable-exporter-id';

/** @param output its number among those that the client asked for */
export const openOutput = ({ connection }: Session, output: number, signal: AbortSignal): OpenCall =>
  connection.open(fileSend, { [exporterId]: String(output) }, signal);

/** Sends messages, and waits until there is room for more. */
export async function sendSlowly(call: OpenCall, ...messages: Uint8Array[]): Promise<void> {
  call.send(...messages);
  const { stream } = call;
  if (!stream.writableNeedDrain || stream.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}

/** The client that takes it does so at its own pace. */
const longestMessage = 1 << 20;

/**
 * Sends an archive to the client, which writes it where it was told to.
 * @param sent is told how many bytes have gone
 * @throws GrpcFailure what the client failed with
 */
export async function sendBytes(
  {
    session,
    output,
    signal,
    sent,
  }: { session: Session; output: number; signal: AbortSignal; sent(bytes: number): void },
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  const call = openOutput(session, output, signal);
  const answer = drained(call);
  // looked at below; a client may leave before
  answer.catch(() => {});
  try {
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length; at += longestMessage) {
        const data = piece.subarray(at, at + longestMessage);
        await sendSlowly(call, toBinary(BytesMessageSchema, create(BytesMessageSchema, { data })));
        sent(data.length);
      }
      if (call.stream.destroyed) break;
    }
    call.end();
    await answer;
  } catch (error) {
    call.cancel();
    throw error;
  }
}

async function drained(call: OpenCall): Promise<void> {
  for await (const _ of call.messages());
}
