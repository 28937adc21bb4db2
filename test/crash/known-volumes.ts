import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { compareLog, type KnownContainer, readDiary } from './known-container.ts';
import { comparePresence, type Presence, presenceOf } from './presence.ts';

/** Where containers of the image with a volume have it. */
export const volumeTarget = '/data';
/** What that image has there: each file holds its own name. */
export const imageFiles = Array.from({ length: 30 }, (_, index) => `image-${index}`);

export interface KnownVolume extends Presence {
  /** Every file of the image has arrived. */
  filled: boolean;
  /** Lines of the files that containers write, by name. */
  lines: Map<string, number>;
}

/** What the driver knows of volumes. */
export interface KnownVolumes {
  named: Map<string, KnownVolume>;
  /** Volumes without a name that no container had at the last look. */
  dangling: Set<string>;
  /** Removals of containers, since then, that were to leave their volumes. */
  left: number;
  /** A prune was asked for since then. */
  pruned: boolean;
}

/** `memory`: mounted from what its options say, so that its data ends with its last container. */
export const volumeNames = ['crash-v0', 'crash-v1', 'crash-v2', 'crash-memory'];

export const newVolumes = (): KnownVolumes => ({
  named: new Map(volumeNames.map((name) => [name, { ...presenceOf(false), filled: false, lines: new Map() }])),
  ...{ dangling: new Set(), left: 0, pruned: false },
});

/** A volume as the engine shows it. */
export interface ShownVolume {
  Name: string;
  Options: Record<string, string> | null;
}

/** The same where the space is counted: without those that are mounted from what their options say, as in Docker. */
export interface CountedVolume {
  Name: string;
  UsageData: { RefCount: number };
}

/** What the comparison needs of a container. */
interface User {
  Id: string;
  Mounts: { Type: string; Name?: string; Destination: string }[];
  Config: { Labels: Record<string, string> };
}

interface Looked {
  shown: readonly ShownVolume[];
  counted: readonly CountedVolume[];
  containers: readonly User[];
  known: KnownVolumes;
  knownContainers: ReadonlyMap<string, KnownContainer>;
  diaries: string;
  /** The volumes' folder in the data root. */
  folder: string;
}

const namesOf = (user: User) => user.Mounts.flatMap(({ Name }) => (Name === undefined ? [] : [Name]));

/** What is wrong with the volumes, in words. */
export function compareVolumes(looked: Looked): string[] {
  const { shown, counted, containers, known } = looked;
  const users = (name: string) => containers.filter((container) => namesOf(container).includes(name));
  const there = new Set(shown.map(({ Name }) => Name));
  const missing = containers.flatMap((container) => namesOf(container).filter((name) => !there.has(name)));
  const dangling = danglingOf(looked);
  const fresh = dangling.filter((name) => !known.dangling.has(name));
  return [
    ...[...known.named].flatMap(([name, one]) => comparePresence(one, there.has(name)).map((why) => `${name} ${why}`)),
    ...missing.map((name) => `the volume ${name} of a container is lost`),
    ...counted.flatMap(({ Name, UsageData }) => {
      const should = users(Name).length;
      return UsageData.RefCount === should ? [] : [`${Name} is counted ${UsageData.RefCount}, has ${should}`];
    }),
    ...(fresh.length > known.left ? [`${fresh.length} volumes are left of ${known.left} containers`] : []),
    ...[...known.dangling].filter((name) => !known.pruned && !there.has(name)).map((name) => `${name} is lost`),
    ...shown
      .filter(({ Options }) => !Options)
      .flatMap((volume) => compareData(looked, volume.Name, users(volume.Name))),
  ];
}

const danglingOf = ({ shown, containers, known }: Looked): string[] => {
  const used = new Set(containers.flatMap(namesOf));
  return shown.map(({ Name }) => Name).filter((name) => !known.named.has(name) && !used.has(name));
};

const linesIn = (file: string) => readFileSync(file, 'utf8').split('\n').length - 1;

function compareData({ known, knownContainers, diaries, folder }: Looked, name: string, users: readonly User[]) {
  const data = path.join(folder, name, '_data');
  const files = new Set(readdirSync(data));
  const earlier = known.named.get(name);
  const kept = earlier !== undefined && !earlier.removalAsked;
  const wrong: string[] = [];
  if (users.length > 0 || (kept && earlier.filled)) {
    const lost = imageFiles.filter((file) => !files.has(file) || readFileSync(path.join(data, file), 'utf8') !== file);
    if (lost.length > 0) wrong.push(`${lost.length} files of the image are lost`);
  }
  for (const { Config } of users) {
    const container = knownContainers.get(Config.Labels['crash.key'] ?? '');
    if (!container) continue;
    const text = files.has(container.key) ? readFileSync(path.join(data, container.key), 'utf8') : '';
    wrong.push(...compareLog(text, readDiary(diaries, container.key)).map((why) => `of ${container.key}: ${why}`));
  }
  for (const [file, lines] of kept ? earlier.lines : []) {
    const now = files.has(file) ? linesIn(path.join(data, file)) : 0;
    if (now < lines) wrong.push(`${file} had ${lines} lines, has ${now}`);
  }
  return wrong.map((why) => `volume ${name}: ${why}`);
}

/** After a look that found everything right. */
export function settleVolumes(looked: Looked): void {
  const { known, shown, folder } = looked;
  const plain = new Set(shown.filter(({ Options }) => !Options).map(({ Name }) => Name));
  for (const name of known.named.keys()) {
    const there = shown.some(({ Name }) => Name === name);
    const data = path.join(folder, name, '_data');
    const files = plain.has(name) ? readdirSync(data) : [];
    const own = files.filter((file) => !imageFiles.includes(file) && !file.startsWith('copied-'));
    known.named.set(name, {
      ...presenceOf(there),
      filled: imageFiles.every((file) => files.includes(file)),
      lines: new Map(own.map((file) => [file, linesIn(path.join(data, file))])),
    });
  }
  Object.assign(known, { dangling: new Set(danglingOf(looked)), left: 0, pruned: false });
}
