import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { EngineError, type ErrorCode, messageOf } from '../../base/errors.ts';
import { StatusSchema } from './generated/status_pb.ts';

/** Codes of gRPC ("Status codes and their use in gRPC") by ours. */
const codes = {
  'not-found': 5,
  invalid: 3,
  conflict: 6,
  'not-modified': 9,
  unauthorized: 16,
  forbidden: 7,
  unavailable: 14,
  'not-implemented': 12,
  cancelled: 1,
  internal: 13,
} as const satisfies Record<ErrorCode, number>;

const unknown = 2;

/** What a call has failed with, here or at the client. */
export class GrpcFailure extends Error {
  readonly code: number;
  /** A google.rpc.Status. */
  readonly details: Uint8Array | undefined;

  constructor(code: number, message: string, details?: Uint8Array) {
    super(message);
    this.name = 'GrpcFailure';
    this.code = code;
    this.details = details;
  }
}

/** Any thrown thing as an answer. */
export function grpcFailure(error: unknown): GrpcFailure {
  if (error instanceof GrpcFailure) return error;
  return new GrpcFailure(error instanceof EngineError ? codes[error.code] : unknown, messageOf(error));
}

/**
 * The same of a build: but for one that was cancelled it has no code, which clients would put before the words.
 * `details`: JSON by the name of its type in Go.
 */
export function buildFailure(error: unknown, details: Readonly<Record<string, unknown>> = {}): GrpcFailure {
  const isCancelled = error instanceof EngineError && error.code === 'cancelled';
  const code = isCancelled ? codes.cancelled : unknown;
  const entries = Object.entries(details);
  if (entries.length === 0) return new GrpcFailure(code, messageOf(error));
  const status = create(StatusSchema, {
    code,
    message: messageOf(error),
    details: entries.map(([type, value]) =>
      create(AnySchema, { typeUrl: type, value: Buffer.from(JSON.stringify(value)) }),
    ),
  });
  return new GrpcFailure(code, status.message, toBinary(StatusSchema, status));
}

/** A status that a client has handed over, whole: what it carries is for the client. */
export function failureOfStatus(bytes: Uint8Array): GrpcFailure {
  const { code, message } = fromBinary(StatusSchema, bytes);
  return new GrpcFailure(code === 0 ? unknown : code, message, bytes);
}

/** The trailers of an answer. */
export function statusTrailers(failure?: GrpcFailure): OutgoingHttpHeaders {
  if (!failure) return { 'grpc-status': '0' };
  const { code, message, details } = failure;
  return {
    'grpc-status': String(code),
    'grpc-message': encodeURIComponent(message),
    ...(details && { 'grpc-status-details-bin': Buffer.from(details).toString('base64').replace(/=+$/, '') }),
  };
}

/** What trailers say; undefined: all went well. */
export function failureOfTrailers(trailers: IncomingHttpHeaders | undefined): GrpcFailure | undefined {
  const status = trailers?.['grpc-status'];
  if (status === undefined) return new GrpcFailure(codes.unavailable, 'the client has left the call');
  if (status === '0') return undefined;
  return new GrpcFailure(
    Number(status) || unknown,
    decoded(String(trailers?.['grpc-message'] ?? 'no reason was given')),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
