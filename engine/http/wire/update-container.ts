import type { ContainerUpdateRequest } from '@docker/node-sdk';
import type { UpdateContainer } from '../../services/containers/container-service.ts';
import type { ApiVersion } from '../api-version.ts';
import { resourcesOf } from './create-container.ts';

/** Body of POST /containers/{id}/update in our words. */
export function updateFromWire(body: ContainerUpdateRequest, version: ApiVersion): UpdateContainer {
  const { RestartPolicy: policy, ...host } = body;
  const resources = resourcesOf(host, version);
  return {
    // 0 and less is a value here: no limit any more
    resources: (host.PidsLimit ?? 1) <= 0 ? { ...resources, pidsLimit: -1 } : resources,
    ...(policy?.Name && { restartPolicy: { name: policy.Name, maximumRetryCount: policy.MaximumRetryCount ?? 0 } }),
  };
}
