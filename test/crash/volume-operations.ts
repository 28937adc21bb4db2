import { expect, gone, type Step } from './step.ts';

/** `docker volume create` of a name that others may have, or without a name. */
export async function createVolume(step: Step): Promise<void> {
  const { field, random } = step;
  const [name, known] = random.pick([...field.volumes.named]);
  known.makeAsked = true;
  const DriverOpts = name.endsWith('memory') ? { type: 'tmpfs', device: 'tmpfs' } : undefined;
  const body = { Name: name, ...(DriverOpts && { DriverOpts }) };
  const { status } = await expect(step, { method: 'POST', path: '/volumes/create', body }, [201]);
  if (status === 201) known.makePromised = true;
}

/** `docker volume rm` of one that is in use, or not, or gone. */
export async function removeVolume(step: Step): Promise<void> {
  const { field, random } = step;
  const [name, known] = random.pick([...field.volumes.named]);
  known.removalAsked = true;
  const { status } = await expect(step, { method: 'DELETE', path: `/volumes/${name}` }, [204, ...gone]);
  if (status === 204) known.removalPromised = true;
}

/** `docker volume prune`, one in three times with those that have a name. */
export async function pruneVolumes(step: Step): Promise<void> {
  const { field, random } = step;
  const all = random.chance(0.3);
  field.volumes.pruned = true;
  if (all) for (const known of field.volumes.named.values()) known.removalAsked = true;
  const path = `/volumes/prune${all ? `?filters=${encodeURIComponent('{"all":["1"]}')}` : ''}`;
  const { status, text } = await expect(step, { method: 'POST', path }, [200, 409]);
  if (status !== 200) return;
  const { VolumesDeleted } = JSON.parse(text) as { VolumesDeleted: string[] | null };
  for (const name of VolumesDeleted ?? []) {
    const known = field.volumes.named.get(name);
    if (known && !all) throw new Error(`a volume with a name was pruned: ${name}`);
    if (known) known.removalPromised = true;
  }
}
