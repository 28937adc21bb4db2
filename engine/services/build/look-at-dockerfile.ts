import { lintOf, outlineOf, targetsOf } from '../../dockerfile/outline.ts';
import { parseDockerfile } from '../../dockerfile/parse-dockerfile.ts';
import { stagesOf } from '../../dockerfile/stages.ts';
import type { RootFiles } from '../../storage/files/root-files.ts';
import { contexts, openContext } from './build-context.ts';
import type { DockerfileView, LookRequest } from './build-service.ts';
import type { Downloads } from './downloads.ts';
import { targetOf } from './plan-build.ts';
import { createRemoteFiles } from './remote-files.ts';

export interface LookParts {
  dataRoot: string;
  files: RootFiles;
  downloads: Downloads;
}

/** Reads a Dockerfile, and nothing else of the context of a client that can be asked. @throws EngineError `invalid` */
export async function lookAtDockerfile(
  { dataRoot, files, downloads }: LookParts,
  request: LookRequest,
): Promise<DockerfileView> {
  const { signal } = new AbortController();
  const remote = createRemoteFiles({
    ...{ contexts: contexts(dataRoot), files, downloads, client: request.client, signal, using: () => {} },
  });
  try {
    const context = await openContext({ dataRoot, files, remote }, request);
    try {
      const source = context.dockerfile;
      const stages = stagesOf(parseDockerfile(source));
      return {
        outline: outlineOf(stages, targetOf(stages, request.target), request.buildArguments),
        ...{ targets: targetsOf(stages), warnings: lintOf(stages), file: request.dockerfile ?? 'Dockerfile', source },
      };
    } finally {
      await context.close();
    }
  } finally {
    await remote.close();
  }
}
