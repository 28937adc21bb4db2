/** Ids of a user namespace that follow each other on both sides: a line of uid_map or gid_map, user_namespaces(7). */
export interface IdRange {
  inside: number;
  outside: number;
  length: number;
}

/** What the users and groups of a user namespace are for the host. */
export interface IdMap {
  uids: readonly IdRange[];
  gids: readonly IdRange[];
}

/** The host's id for one of the namespace; undefined where it has none. */
export function outsideId(ranges: readonly IdRange[], id: number): number | undefined {
  const range = ranges.find(({ inside, length }) => id >= inside && id < inside + length);
  return range && range.outside + (id - range.inside);
}

/** As the kernel takes it. */
export const idMapText = (ranges: readonly IdRange[]): string =>
  ranges.map(({ inside, outside, length }) => `${inside} ${outside} ${length}\n`).join('');

/** As the kernel tells it. */
export function parseIdMap(text: string): IdRange[] {
  return text.split('\n').flatMap((line) => {
    const [inside, outside, length] = line.trim().split(/\s+/).map(Number);
    return inside === undefined || outside === undefined || length === undefined ? [] : [{ inside, outside, length }];
  });
}
