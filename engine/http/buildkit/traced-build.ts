import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import { type Channel, channelOf } from '../../base/channel.ts';
import { EngineError } from '../../base/errors.ts';
import { StatusResponseSchema } from './generated/control_pb.ts';
import { createProgress, type Progress } from './progress.ts';
import { runSolve, type SolveParts, type Solving } from './run-solve.ts';

/** A build of a client of 18.09 to 22 (POST /build?version=2): the request says what, the session has the files. */
export interface TracedRequest {
  /** By which the client may cancel; empty: it cannot. */
  id: string;
  sessionId: string;
  /** `client-session`, an address, or `upload-request`: the context comes with a request of its own. */
  remote: string;
  /** Nothing is told but the image. */
  isQuiet: boolean;
  /** JSON, by the client. */
  outputs: string | undefined;
  request: ReturnType<Solving['request']>;
}

export interface TracedBuilds {
  /** Lines of JSON. @throws EngineError */
  build(request: TracedRequest): Channel<string>;
  /** The context of the build of this id; resolves when it was read. */
  upload(id: string, archive: Readable): Promise<void>;
  cancel(id: string): void;
}

const isAddress = (remote: string) => !['', 'client-session', 'upload-request'].includes(remote);

export function createTracedBuilds(parts: SolveParts): TracedBuilds {
  const running = new Map<string, AbortController>();
  const uploads = new Map<string, PromiseWithResolvers<Readable>>();
  const uploadOf = (id: string) => {
    const known = uploads.get(id) ?? Promise.withResolvers<Readable>();
    uploads.set(id, known);
    return known;
  };
  return {
    build: (asked) =>
      channelOf<string>(async (left, report) => {
        const { id, sessionId, remote, request, outputs, isQuiet } = asked;
        const cancelling = new AbortController();
        running.set(id, cancelling);
        const signal = AbortSignal.any([left, cancelling.signal]);
        const progress = createProgress(`${sessionId} ${id}`);
        const told = isQuiet ? undefined : trace(progress, signal, report);
        try {
          const built = await runSolve(parts, {
            ...{ sessionId, frontend: isAddress(remote) ? { context: remote } : {}, progress, signal },
            request: () => request,
            outputs: () => outputsOf(outputs),
            ...(remote === 'upload-request' && { upload: uploadOf(id).promise }),
          });
          progress.end();
          await told;
          if (built.isKept) report(JSON.stringify({ id: 'moby.image.id', aux: { ID: built.imageId } }));
          if (isQuiet) report(JSON.stringify({ stream: `${built.imageId}\n` }));
        } catch (error) {
          progress.end();
          await told;
          throw error;
        } finally {
          running.delete(id);
          uploads.delete(id);
        }
      }),
    async upload(id, archive) {
      uploadOf(id).resolve(archive);
      await finished(archive, { writable: false });
    },
    cancel: (id) => running.get(id)?.abort(),
  };
}

async function trace(progress: Progress, signal: AbortSignal, report: (line: string) => void): Promise<void> {
  for await (const event of progress.events(signal)) {
    const aux = Buffer.from(toBinary(StatusResponseSchema, create(StatusResponseSchema, event))).toString('base64');
    report(JSON.stringify({ id: 'moby.buildkit.trace', aux }));
  }
}

function outputsOf(text: string | undefined) {
  if (!text) return [];
  try {
    const all = (JSON.parse(text) ?? []) as readonly { Type?: string; Attrs?: Record<string, string> | null }[];
    return all.map(({ Type, Attrs }) => ({ type: Type ?? '', attributes: Attrs ?? {} }));
  } catch {
    throw new EngineError('invalid', 'error reading outputs: it is not JSON', {
      reason: 'request.invalid',
      params: { field: 'outputs' },
    });
  }
}
