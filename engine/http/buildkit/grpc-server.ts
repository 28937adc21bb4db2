import http2 from 'node:http2';
import type { Socket } from 'node:net';
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { drained } from '../stream.ts';
import { createDeframer, frameOf } from './grpc-frames.ts';
import { GrpcFailure, grpcFailure, statusTrailers } from './grpc-status.ts';
import { endWith, settings, widen } from './http2-settings.ts';

/** A call that is being answered. */
export interface GrpcCall {
  readonly headers: http2.IncomingHttpHeaders;
  /** The client has given the call up. */
  readonly signal: AbortSignal;
}

type Answer = { message: Uint8Array } | { messages: AsyncIterable<Uint8Array> };

/** One method of a service. */
export type GrpcMethod =
  | { answer(message: Uint8Array, call: GrpcCall): Promise<Answer> | Answer }
  /** Both sides speak as they like. */
  | { take(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void };

/** By path: `/package.Service/Method`. */
export type GrpcMethods = Readonly<Record<string, GrpcMethod>>;

/** One message in, one out. */
export function unary<I extends DescMessage, O extends DescMessage>(
  request: I,
  response: O,
  work: (message: MessageShape<I>, call: GrpcCall) => Promise<MessageInitShape<O>> | MessageInitShape<O>,
): GrpcMethod {
  return {
    async answer(bytes, call) {
      const made = await work(fromBinary(request, bytes), call);
      return { message: toBinary(response, create(response, made)) };
    },
  };
}

/** One message in, several out. */
export function streaming<I extends DescMessage, O extends DescMessage>(
  request: I,
  response: O,
  work: (message: MessageShape<I>, call: GrpcCall) => AsyncIterable<MessageInitShape<O>>,
): GrpcMethod {
  const all = async function* (messages: AsyncIterable<MessageInitShape<O>>) {
    for await (const message of messages) yield toBinary(response, create(response, message));
  };
  return { answer: (bytes, call) => ({ messages: all(work(fromBinary(request, bytes), call)) }) };
}

/** Answers calls on a connection that has been taken over, until it ends. */
export function serveGrpc(socket: Socket, methods: GrpcMethods): void {
  const session = http2.performServerHandshake(socket, { settings });
  // the client left: each call hears of it by itself
  session.on('error', () => {});
  endWith(session, socket);
  widen(session);
  session.on('stream', (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
    stream.on('error', () => {});
    const path = headers[':path'] ?? '';
    const method = Object.hasOwn(methods, path) ? methods[path] : undefined;
    if (!method) {
      stream.resume();
      finish(stream, new GrpcFailure(12, `unknown method ${path}`));
    } else if ('take' in method) method.take(stream, headers);
    else void answer(stream, headers, method);
  });
}

type Answering = Extract<GrpcMethod, { answer: unknown }>;

async function answer(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders, method: Answering) {
  const leaving = new AbortController();
  stream.once('close', () => leaving.abort());
  try {
    const [message] = await messagesOf(stream);
    const answered = await method.answer(message ?? Buffer.alloc(0), { headers, signal: leaving.signal });
    begin(stream);
    if ('message' in answered) stream.write(frameOf(answered.message));
    else {
      for await (const each of answered.messages) {
        if (stream.destroyed) return;
        stream.write(frameOf(each));
        await drained(stream);
      }
    }
    finish(stream);
  } catch (error) {
    finish(stream, grpcFailure(error));
  }
}

async function messagesOf(stream: http2.ServerHttp2Stream): Promise<Buffer[]> {
  const deframe = createDeframer();
  const messages: Buffer[] = [];
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) messages.push(...deframe(chunk as Buffer));
  return messages;
}

/** The head of an answer that has messages. */
export function begin(stream: http2.ServerHttp2Stream): void {
  if (stream.destroyed || stream.headersSent) return;
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
}

/** The end of an answer. */
export function finish(stream: http2.ServerHttp2Stream, failure?: GrpcFailure): void {
  if (stream.destroyed) return;
  const trailers = statusTrailers(failure);
  if (!stream.headersSent) {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...trailers }, { endStream: true });
    return;
  }
  stream.once('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end();
}
