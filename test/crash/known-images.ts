import { comparePresence, type Presence, presenceOf } from './presence.ts';

export const repository = 'crash-made';
const tags = ['one', 'two', 'three'];

export interface KnownTag extends Presence {
  /** Images that it may name: those promised since the last look, and the one it named then. */
  ids: Set<string>;
  /** A commit to it was not answered. */
  unanswered: boolean;
}

/** What the driver knows of the images that it made by commit. */
export interface KnownImages {
  tags: Map<string, KnownTag>;
  /** What was copied to a container before the commit that made the image, by the image's id: path -> content. */
  copied: Map<string, ReadonlyMap<string, string>>;
}

const newTag = (id?: string): KnownTag => ({
  ...presenceOf(id !== undefined),
  ...{ ids: new Set(id === undefined ? [] : [id]), unanswered: false },
});

export const newImages = (): KnownImages => ({
  tags: new Map(tags.map((tag) => [tag, newTag()])),
  copied: new Map(),
});

export interface ShownImage {
  Id: string;
  RepoTags: string[];
}

const idOf = (shown: readonly ShownImage[], tag: string) =>
  shown.find(({ RepoTags }) => RepoTags.includes(`${repository}:${tag}`))?.Id;

/** What is wrong with the images made by commit, in words. */
export function compareImages(shown: readonly ShownImage[], known: KnownImages): string[] {
  return [...known.tags].flatMap(([tag, one]) => {
    const id = idOf(shown, tag);
    const wrong = id !== undefined && !one.unanswered && !one.ids.has(id) ? [`is ${id}, not of ${[...one.ids]}`] : [];
    return [...comparePresence(one, id !== undefined), ...wrong].map((why) => `image ${tag} ${why}`);
  });
}

/** After a look that found everything right. */
export function settleImages(shown: readonly ShownImage[], known: KnownImages): void {
  for (const tag of known.tags.keys()) known.tags.set(tag, newTag(idOf(shown, tag)));
}
