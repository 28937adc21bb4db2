/**
 * Whether something with a name of its own, which several clients make and remove at the same time, must be there: what
 * was there at the last look, and what was asked and promised since.
 */
export interface Presence {
  there: boolean;
  makeAsked: boolean;
  makePromised: boolean;
  removalAsked: boolean;
  removalPromised: boolean;
}

export const presenceOf = (there: boolean): Presence => ({
  ...{ there, makeAsked: false, makePromised: false },
  ...{ removalAsked: false, removalPromised: false },
});

/** What is wrong with its being there or not, in words; empty: nothing. */
export function comparePresence(presence: Presence, there: boolean): string[] {
  const must = (presence.there || presence.makePromised) && !presence.removalAsked;
  const mustNot = (presence.removalPromised || !presence.there) && !presence.makeAsked;
  if (must && !there) return ['is lost'];
  return mustNot && there ? [presence.there ? 'was removed, and is still there' : 'was asked for by nobody'] : [];
}
