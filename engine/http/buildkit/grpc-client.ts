import http2 from 'node:http2';
import type { Duplex } from 'node:stream';
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { EngineError } from '../../base/errors.ts';
import { createDeframer, frameOf } from './grpc-frames.ts';
import { failureOfTrailers, GrpcFailure } from './grpc-status.ts';
import { endWith, settings, widen } from './http2-settings.ts';

/** A call that goes on. */
export interface OpenCall {
  /** Messages of the other side, valid until the next; leaving the loop cancels. @throws GrpcFailure what the call ended with */
  messages(): AsyncGenerator<Buffer>;
  send(...messages: Uint8Array[]): void;
  /** Nothing more is sent. */
  end(): void;
  cancel(): void;
  /** The stream below. */
  readonly stream: http2.ClientHttp2Stream;
}

/** The other end of a connection that has been taken over. */
export interface GrpcConnection {
  open(path: string, metadata: http2.OutgoingHttpHeaders, signal: AbortSignal): OpenCall;
  readonly closed: boolean;
  onClose(work: () => void): void;
  close(): void;
}

/** One message to a service, one back. @throws GrpcFailure */
export async function callGrpc<I extends DescMessage, O extends DescMessage>(
  { connection, path, signal }: { connection: GrpcConnection; path: string; signal: AbortSignal },
  [request, message]: [I, MessageInitShape<I>],
  response: O,
): Promise<MessageShape<O>> {
  const call = connection.open(path, {}, signal);
  call.send(toBinary(request, create(request, message)));
  call.end();
  let answer: MessageShape<O> | undefined;
  for await (const each of call.messages()) answer = fromBinary(response, each);
  return answer ?? fromBinary(response, new Uint8Array());
}

/** Speaks HTTP/2 on a connection whose other side waits for calls. */
export function connectGrpc(socket: Duplex): GrpcConnection {
  const session = http2.connect('http://localhost', { createConnection: () => socket, settings });
  session.on('error', () => {});
  endWith(session, socket);
  session.once('connect', () => widen(session));
  return {
    open(path, metadata, signal) {
      if (session.destroyed || session.closed) throw gone();
      const stream = session.request(
        { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...metadata },
        { signal },
      );
      return openCall(stream);
    },
    get closed() {
      return session.destroyed || session.closed;
    },
    onClose: (work) => void session.once('close', work),
    close: () => session.destroy(),
  };
}

const gone = () => new EngineError('unavailable', 'the client of the build has closed its session');

function openCall(stream: http2.ClientHttp2Stream): OpenCall {
  let trailers: http2.IncomingHttpHeaders | undefined;
  stream.on('response', (headers) => {
    if (headers['grpc-status'] !== undefined) trailers = headers;
  });
  stream.on('trailers', (headers) => {
    trailers = headers;
  });
  // told by the messages' end
  stream.on('error', () => {});
  return {
    stream,
    send: (...messages) => void stream.write(Buffer.concat(messages.map(frameOf))),
    end: () => void stream.end(),
    cancel: () => stream.close(http2.constants.NGHTTP2_CANCEL),
    async *messages() {
      const deframe = createDeframer();
      try {
        for await (const chunk of stream) yield* deframe(chunk as Buffer);
      } catch (error) {
        throw trailers ? (failureOfTrailers(trailers) ?? error) : cancelled(error);
      }
      if (!trailers && !stream.destroyed) await heard(stream, ['trailers', 'close']);
      const failure = failureOfTrailers(trailers);
      if (failure) throw failure;
    },
  };
}

function heard(stream: http2.ClientHttp2Stream, events: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    for (const event of events) stream.once(event, () => resolve());
  });
}

const cancelled = (error: unknown) =>
  error instanceof Error && error.name === 'AbortError' ? new GrpcFailure(1, 'cancelled') : gone();
