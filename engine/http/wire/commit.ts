import type { ContainerCreateRequest } from '@docker/node-sdk';
import { EngineError } from '../../base/errors.ts';
import type { CommitContainer } from '../../services/containers/container-files-service.ts';
import { configOf } from './create-container.ts';
import { flag } from './query.ts';

/** POST /commit. @throws EngineError `invalid` in Docker's words */
export function commitFromWire(query: URLSearchParams, body: ContainerCreateRequest | undefined): CommitContainer {
  const [repository, tag] = [query.get('repo'), query.get('tag')];
  if (tag && !/^\w[\w.-]{0,127}$/.test(tag)) {
    throw new EngineError('invalid', 'invalid tag format', { reason: 'request.invalid', params: { field: 'tag' } });
  }
  const [author, comment] = [query.get('author'), query.get('comment')];
  return {
    container: query.get('container') ?? '',
    ...(repository && { reference: tag ? `${repository}:${tag}` : repository }),
    ...(author && { author }),
    ...(comment && { comment }),
    pause: query.get('pause') ? flag(query, 'pause') : true,
    config: body && imageConfigOf(body),
    changes: query.getAll('changes'),
  };
}

function imageConfigOf(body: ContainerCreateRequest): CommitContainer['config'] {
  const { environment, labels, exposedPorts, volumes, ...config } = configOf(body);
  const { command, entrypoint, user, workingDirectory, stopSignal } = config;
  return {
    ...{ environment, labels, exposedPorts, volumes },
    ...(command && { command }),
    ...(entrypoint && { entrypoint }),
    ...(user && { user }),
    ...(workingDirectory && { workingDirectory }),
    ...(stopSignal && { stopSignal }),
  };
}
