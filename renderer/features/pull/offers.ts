import type { Image } from '../../../electron/bridge/host.ts';
import type { FoundNames } from '../../../electron/bridge/transfers.ts';
import { familiarName, foundName, registryOf, repositoryOf } from '../../host/references.ts';

/** One name that the field can go on as. */
export interface Offer {
  /** What the field then says. */
  readonly value: string;
  readonly official: boolean;
}

/** Names under one heading: of this computer (no registry), or of a registry. */
export interface OfferGroup {
  readonly registry: string | undefined;
  readonly offers: readonly Offer[];
}

const most = 8;

/** What the field can go on as: images that are here first, then what the registries know. */
export function offersFor(text: string, images: readonly Image[], found: FoundNames | undefined): OfferGroup[] {
  const wanted = familiarName(text).toLowerCase();
  const here = images
    .flatMap(({ references }) => references)
    .filter((reference) => reference.toLowerCase().includes(wanted))
    .sort((a, b) => Number(b.startsWith(wanted)) - Number(a.startsWith(wanted)) || a.localeCompare(b, 'en'))
    .slice(0, most)
    .map((value) => ({ value, official: false }));
  const groups: OfferGroup[] = here.length > 0 ? [{ registry: undefined, offers: here }] : [];
  const registries = new Set(found?.names.map(({ registry }) => registry));
  for (const registry of registries) {
    const offers = (found?.names ?? [])
      .filter((each) => each.registry === registry)
      .slice(0, most)
      .map((each) => ({ value: foundName(each), official: each.official ?? false }));
    groups.push({ registry, offers });
  }
  return groups;
}

/** What the text would be completed to: the first offer that begins with it. */
export function completionOf(text: string, groups: readonly OfferGroup[]): string | undefined {
  if (text.trim() === '') return undefined;
  const all = groups.flatMap(({ offers }) => offers);
  return all.find(({ value }) => value.startsWith(text) && value !== text)?.value;
}

/** The repository whose tags are worth asking for: one that was chosen or is known, or that somebody wrote out. */
export function repositoryToAsk(text: string, groups: readonly OfferGroup[], chosen: string): string | undefined {
  const name = familiarName(text);
  const repository = repositoryOf(name);
  if (repository === '' || repository.endsWith('/')) return undefined;
  const known = groups.some(({ offers }) => offers.some(({ value }) => repositoryOf(value) === repository));
  const writtenOut = name !== repository || registryOf(name) !== 'docker.io';
  return known || writtenOut || repository === chosen ? repository : undefined;
}
