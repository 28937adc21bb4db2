import { chownSync, statSync } from 'node:fs';
import { type IdRange, outsideId } from '../../base/id-map.ts';
import type { OciLinux, OciProcess } from './oci-spec.ts';

type Mappings = NonNullable<OciLinux['uidMappings']>;

/**
 * Who has to own the pipes of a process in a user namespace of its own, so that it can open /dev/stdout anew. Undefined
 * without one: there crun and runc see to it.
 */
export function streamOwner(
  { uidMappings, gidMappings }: Pick<OciLinux, 'uidMappings' | 'gidMappings'>,
  { uid, gid }: Pick<OciProcess['user'], 'uid' | 'gid'>,
): { uid: number; gid: number } | undefined {
  if (!uidMappings || !gidMappings) return undefined;
  const outside = (mappings: Mappings, id: number) => outsideId(mappings.map(rangeOf), id);
  const owner = { uid: outside(uidMappings, uid), gid: outside(gidMappings, gid) };
  return owner.uid === undefined || owner.gid === undefined ? undefined : { uid: owner.uid, gid: owner.gid };
}

const rangeOf = ({ containerID, hostID, size }: Mappings[number]): IdRange => ({
  inside: containerID,
  outside: hostID,
  length: size,
});

/** Gives the pipes among the standard streams of a process away. */
export function giveStreams(pid: number, { uid, gid }: { uid: number; gid: number }): void {
  for (const stream of [0, 1, 2].map((number) => `/proc/${pid}/fd/${number}`)) {
    if (statSync(stream).isFIFO()) chownSync(stream, uid, gid);
  }
}
