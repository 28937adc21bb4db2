import { isDeepStrictEqual } from 'node:util';
import { ask } from '../raw-http.ts';
import { absent, compare, type Difference } from './differ.ts';
import { judge } from './judge.ts';
import { type Outcome, play } from './outcome.ts';
import type { Group } from './steps.ts';
import { type OpenSubject, openSubject, type PeerName, peers, type Subject } from './subjects.ts';

export interface Compared {
  readonly differences: readonly Difference[];
  /** Steps that were compared, of all peers. */
  readonly steps: number;
}

/** Containers and volumes of a group go before the next begins. */
async function clear({ socket }: Subject): Promise<void> {
  const all = (await ask(socket, { path: '/containers/json?all=1' })).json<{ Id: string }[]>();
  for (const { Id } of all) await ask(socket, { method: 'DELETE', path: `/containers/${Id}?force=1&v=1` });
  const { Volumes } = (await ask(socket, { path: '/volumes' })).json<{ Volumes: { Name: string }[] | null }>();
  for (const { Name } of Volumes ?? []) await ask(socket, { method: 'DELETE', path: `/volumes/${Name}?force=1` });
}

type Outcomes = ReadonlyMap<string, Outcome>;

async function playAll(subject: Subject, chosen: readonly Group[]): Promise<Outcomes> {
  const all = new Map<string, Outcome>();
  for (const group of chosen) {
    for (const [label, outcome] of await play(group, subject)) all.set(`${group.name} › ${label}`, outcome);
    await clear(subject);
  }
  return all;
}

/** Beluga and a dockerd that are asked the same. */
interface Pair {
  readonly peer: PeerName;
  readonly beluga: OpenSubject;
  readonly dockerd: OpenSubject;
}

interface Played {
  readonly peer: PeerName;
  readonly beluga: Outcomes;
  readonly dockerd: Outcomes;
}

async function playPair({ peer, ...pair }: Pair, chosen: readonly Group[]): Promise<Played> {
  const own = chosen.map((group) => ({ ...group, steps: group.steps.filter(({ only }) => !only || only === peer) }));
  const [beluga, dockerd] = await Promise.all([playAll(pair.beluga, own), playAll(pair.dockerd, own)]);
  return { peer, beluga, dockerd };
}

/** Fields in which what Beluga answered is not what the newest dockerd says in its own API. */
function newerDiffers(newest: Outcome | undefined, beluga: Outcome): (field: string) => boolean {
  if (!newest) return () => true;
  const fields = new Set<string>();
  compare(newest, beluga, (field) => fields.add(field));
  return (field) => fields.has(field);
}

function differencesOf(all: readonly Played[]): Difference[] {
  const differences: Difference[] = [];
  const newest = all.at(-1)?.dockerd;
  for (const { peer, beluga, dockerd } of all) {
    for (const where of new Set([...dockerd.keys(), ...beluga.keys()])) {
      const [theirs = {}, ours = {}] = [dockerd.get(where), beluga.get(where)];
      const differs = newerDiffers(newest?.get(where), ours);
      compare(theirs, ours, (field, one, other) => {
        differences.push({ peer, where, field, dockerd: one, beluga: other, changedLater: !differs(field) });
      });
    }
  }
  return differences;
}

const keyOf = ({ peer, where, field }: Difference) => [peer, where, field].join('\n');

/** Differences of the first time without those that dockerd did not have the second time, while Beluga said the same. */
function lasting(first: readonly Played[], second: readonly Played[]): Difference[] {
  const again = new Set(differencesOf(second).map(keyOf));
  const isSteady = ({ peer, where }: Difference) => {
    const [one, other] = [first, second].map((times) =>
      times.find((played) => played.peer === peer)?.beluga.get(where),
    );
    return other !== undefined && isDeepStrictEqual(one, other);
  };
  return differencesOf(first).filter((difference) => again.has(keyOf(difference)) || !isSteady(difference));
}

async function openPairs(): Promise<{ pairs: readonly Pair[]; close(): Promise<void> }> {
  const opening = peers.map(({ name, api }) => ({ name, sides: [openSubject('beluga', api), openSubject(name, api)] }));
  const opened = await Promise.allSettled(opening.flatMap(({ sides }) => sides));
  const close = async () => {
    const all = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value.close()] : []));
    const failure = (await Promise.allSettled(all)).find(({ status }) => status === 'rejected');
    if (failure?.status === 'rejected') throw failure.reason;
  };
  try {
    const pairs = opening.map(async ({ name, sides: [beluga, dockerd] }) => {
      if (!beluga || !dockerd) throw new Error(`${name} has no two sides`);
      return { peer: name, beluga: await beluga, dockerd: await dockerd };
    });
    return { pairs: await Promise.all(pairs), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Plays groups on Beluga and on every peer. What differs and is not listed is played once more: under load a dockerd at
 * times loses output.
 */
export async function compareAll(chosen: readonly Group[]): Promise<Compared> {
  const { pairs, close } = await openPairs();
  try {
    const playEach = (some: readonly Group[]) => Promise.all(pairs.map((pair) => playPair(pair, some)));
    const first = await playEach(chosen);
    const steps = first.reduce((sum, { dockerd }) => sum + dockerd.size, 0);
    const differences = differencesOf(first);
    const doubtful = new Set(judge(differences).unlisted.map(({ where }) => where.split(' › ')[0]));
    if (doubtful.size === 0) return { differences, steps };
    return { differences: lasting(first, await playEach(chosen.filter(({ name }) => doubtful.has(name)))), steps };
  } finally {
    await close();
  }
}

export const shown = (value: unknown): string => (value === absent ? '(absent)' : (JSON.stringify(value) ?? ''));

/** For a terminal; the same on several dockerds once. */
export function allInWords(differences: readonly Difference[]): string[] {
  const byWords = new Map<string, PeerName[]>();
  for (const { peer, where, field, dockerd, beluga } of differences) {
    const words = `${where}\n  ${field}\n    dockerd ${shown(dockerd)}\n    beluga  ${shown(beluga)}`;
    byWords.set(words, [...(byWords.get(words) ?? []), peer]);
  }
  return [...byWords].map(([words, of]) => `${of.join(', ')}: ${words}`);
}
