import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDockerodeHost } from '../../electron/hosts/dockerode-host.ts';
import { createAttention, followHost } from '../../electron/hosts/host-follower.ts';
import { createHostState } from '../../electron/hosts/host-state.ts';
import { createImageBook } from '../../electron/hosts/image-book.ts';
import { createPulse } from '../../electron/hosts/pulse.ts';
import { dockerHostConformance } from '../../engine/compose/docker-host.conformance.ts';
import type { DockerHost } from '../../engine/compose/docker-host.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
let host: DockerHost;
before(async () => {
  subject = await startSubject();
  host = createDockerodeHost(subject.socket);
});
after(() => subject.close());

dockerHostConformance(() => ({ host, image: sampleImage, archive: sampleArchive() }));

test("the app's state follows a storm of changes to where the host is in the end", async () => {
  const state = createHostState();
  const stop = new AbortController();
  const parts = { host, state, changed: createPulse(), attention: createAttention(), images: createImageBook() };
  const following = followHost(parts, stop.signal);
  const live = async (index: number) => {
    const request = { Image: sampleImage, Cmd: ['sh', '-c', `exit ${index}`], HostConfig: { NetworkMode: 'none' } };
    const { id } = await host.containers.create(request, `storm-${index}`);
    await host.containers.start(id);
    if (index % 2 === 0) await host.containers.remove(id, { force: true });
    else await host.containers.rename(id, `calm-${index}`);
  };
  try {
    await Promise.all(Array.from({ length: 10 }, (_, index) => live(index)));
    const seen = () => [...state.containers.values()].map(({ name, exitCode }) => `${name} ${exitCode}`).sort();
    const expected = [1, 3, 5, 7, 9].map((index) => `calm-${index} ${index}`);
    await waitUntil('the state is as the host', () => (seen().join() === expected.join() ? true : null));
    assert.deepEqual(
      state.images().map(({ references, containers }) => [references, containers]),
      [[[sampleImage], 5]],
    );
  } finally {
    stop.abort();
    await following;
    for (const { Id: id } of await host.containers.list()) await host.containers.remove(id ?? '', { force: true });
  }
});
