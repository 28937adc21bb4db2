import { randomBytes } from 'node:crypto';
import type { DockerHost } from '../../engine/compose/docker-host.ts';
import { HostError } from '../hosts/host-error.ts';

const isStepImage = (value: unknown): value is { imageId: string } =>
  typeof value === 'object' && value !== null && 'imageId' in value && typeof value.imageId === 'string';

/**
 * A container on the files that a step that failed began with: a shell that waits, beside which others are opened.
 * @returns its id
 * @throws HostError `not-found` where the host does not remember them
 */
export async function shellBefore(host: DockerHost, build: string, step: number): Promise<string> {
  const answer = await host.system.extension(`/beluga/builds/${build}/steps/${step}/image`, { method: 'POST' });
  if (!isStepImage(answer))
    throw new HostError('not-found', `the host keeps nothing of the build ${build}`, {
      reason: 'build.step-forgotten',
      params: { id: build, step },
    });
  const request = {
    ...{ Image: answer.imageId, Cmd: ['/bin/sh'], Tty: true, OpenStdin: true },
    HostConfig: { AutoRemove: true },
  };
  const { id } = await host.containers.create(
    request,
    `build-${build.slice(0, 8)}-before-step-${step}-${randomBytes(2).toString('hex')}`,
  );
  try {
    await host.containers.start(id);
  } catch (error) {
    await host.containers.remove(id, { force: true });
    throw error;
  }
  return id;
}
