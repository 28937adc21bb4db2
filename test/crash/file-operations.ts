import { tarOf } from '../sample.ts';
import type { KnownContainer } from './known-container.ts';
import { repository } from './known-images.ts';
import { volumeTarget } from './known-volumes.ts';
import { expect, gone, type Step } from './step.ts';

let copies = 0;

/** `docker cp` of one file into the container's root or its volume. */
export async function copyIn(step: Step, known: KnownContainer): Promise<void> {
  const { random, field } = step;
  const name = `copied-${++copies}`;
  const content = `${known.key} ${name}\n`.repeat(1 + random.below(random.chance(0.2) ? 20_000 : 20));
  const directory = known.image === field.baseImages[1] && random.chance(0.5) ? volumeTarget : '/';
  const path = `/containers/${known.id}/archive?path=${directory}`;
  const body = await tarOf([{ name, content }]);
  const { status } = await expect(step, { method: 'PUT', path, body }, [200, ...gone]);
  // a volume in memory ends with its last container
  if (status !== 200 || (directory === volumeTarget && known.volume === 'crash-memory')) return;
  const file = directory === '/' ? `/${name}` : `${directory}/${name}`;
  known.copied.set(file, content);
  known.unseen.add(file);
}

/** `docker commit` of a container of one of the base images, so that layers do not pile up. */
export async function commit(step: Step, known: KnownContainer): Promise<void> {
  const { field, random } = step;
  if (!field.baseImages.includes(known.image)) return;
  const [name, tag] = random.pick([...field.images.tags]);
  // what comes meanwhile may or may not be in it
  const copied = new Map([...known.copied].filter(([file]) => !file.startsWith(volumeTarget)));
  tag.makeAsked = true;
  const query = `container=${known.id}&repo=${repository}&tag=${name}&pause=${random.pick(['1', '1', '0'])}`;
  const { status, text } = await expect(step, { method: 'POST', path: `/commit?${query}` }, [201, ...gone]);
  if (status === 0) tag.unanswered = true;
  if (status !== 201) return;
  const { Id } = JSON.parse(text) as { Id: string };
  field.images.copied.set(Id, copied);
  tag.ids.add(Id);
  tag.makePromised = true;
}

/** `docker rmi` of what a commit made, or `docker image prune`. */
export async function removeImage(step: Step): Promise<void> {
  const { field, random } = step;
  if (random.chance(0.3)) {
    await expect(step, { method: 'POST', path: '/images/prune' }, [200, 409]);
    return;
  }
  const [name, tag] = random.pick([...field.images.tags]);
  tag.removalAsked = true;
  const path = `/images/${repository}:${name}?force=${random.pick(['0', '1'])}`;
  const { status } = await expect(step, { method: 'DELETE', path }, [200, ...gone]);
  if (status === 200) tag.removalPromised = true;
}
