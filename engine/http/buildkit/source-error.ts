import { EngineError } from '../../base/errors.ts';
import { buildFailure, type GrpcFailure } from './grpc-status.ts';
import type { DockerfileSource } from './session-files.ts';

/** What a client makes an excerpt of the Dockerfile from; the name is that of a type in Go. */
const sourceType = 'github.com/moby/buildkit/errdefs.Source+json';

/** A failed build as BuildKit tells of it: in its words, with the lines of the Dockerfile that it is about. */
export function failureOfBuild(error: unknown, source: DockerfileSource | undefined): GrpcFailure {
  const lines = error instanceof EngineError ? error.lines : undefined;
  const told = inWordsOfBuildKit(error);
  if (!lines || !source) return buildFailure(told);
  const { name, text } = source;
  const ranges = [{ start: { line: lines.first }, end: { line: lines.last } }];
  return buildFailure(told, {
    [sourceType]: { info: { filename: name, data: Buffer.from(text).toString('base64') }, ranges },
  });
}

/** Clients and their tests look for the words "did not complete successfully". */
function inWordsOfBuildKit(error: unknown): unknown {
  if (!(error instanceof EngineError) || error.reason !== 'build.step-failed') return error;
  const { command, code } = error.params;
  const words = `process ${JSON.stringify(command)} did not complete successfully: exit code: ${code}`;
  return new EngineError(error.code, words, { cause: error });
}
