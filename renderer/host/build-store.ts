import i18next from 'i18next';
import { create } from 'zustand';
import type { Build } from '../../electron/bridge/builds.ts';
import { navigate } from '../ui/hash-route.ts';
import { call, openStream } from './bridge-client.ts';
import { shortId } from './figures.ts';
import { noticeDone, noticeFailed } from './notices.ts';
import { request } from './requests.ts';

export interface BuildsState {
  /** Newest first; of whichever client. */
  readonly builds: readonly Build[];
  /** False until the list was read once. */
  readonly listed: boolean;
  /** The one whose page is open: nothing is said of it elsewhere. */
  readonly shown: string | undefined;
}

export const useBuilds = create<BuildsState>()(() => ({ builds: [], listed: false, shown: undefined }));

export const buildPath = (id: string) => `/builds/${id}`;
export const openBuild = (id: string) => navigate(buildPath(id));

/** By its first name, else by its image or id. */
export const buildName = ({ references, imageId, id }: Build): string =>
  references[0] ?? (imageId ? shortId(imageId) : id.slice(0, 8));

/** The last part of a folder's path. */
export const folderName = (folder: string): string => folder.split(/[\\/]/).filter(Boolean).at(-1) ?? folder;

/** Builds whose end was seen on their page: whoever left it before the list told of the end needs no word of it. */
const seen = new Set<string>();
export const sawEnd = (id: string): void => void seen.add(id);

/** What this app has asked for and has ended since the list before, and nobody looks at. */
function tellEnds(before: readonly Build[], now: readonly Build[]): void {
  const ran = new Set(before.filter(({ state }) => state === 'running').map(({ id }) => id));
  const { shown } = useBuilds.getState();
  for (const build of now) {
    if (!ran.has(build.id) || build.id === shown || seen.has(build.id) || build.folder === undefined) continue;
    const { state, error } = build;
    const name = buildName(build);
    if (state === 'done') noticeDone(i18next.t('builds.built', { name }));
    const show = { label: i18next.t('builds.show'), onPress: () => openBuild(build.id) };
    if (state === 'failed' && error)
      noticeFailed(
        () => i18next.t('builds.notBuilt', { name }),
        error,
        () => show,
      );
  }
}

/** Feeds the store, for as long as the page is there. A broken watch is opened again after a second. */
export function watchBuilds(): void {
  openStream('builds.watch', undefined, {
    onItems: (items) => {
      const now = items.at(-1);
      if (!now) return;
      const { builds: before } = useBuilds.getState();
      useBuilds.setState({ builds: now, listed: true });
      tellEnds(before, now);
    },
    onEnd: () => void setTimeout(watchBuilds, 1000),
  });
}

export async function cancelBuild(id: string): Promise<void> {
  const outcome = await call('builds.cancel', { id });
  if (!outcome.ok) noticeFailed(() => i18next.t('builds.notStopped'), outcome.failure);
}

export async function removeBuilds(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const outcome = await call('builds.remove', { id });
    if (!outcome.ok) noticeFailed(() => i18next.t('builds.notRemoved'), outcome.failure);
  }
}

/** Opens the form as it was filled in; of another client's build with what is known of it. */
export async function buildAgain(build: Build): Promise<void> {
  const outcome = await call('builds.again', { id: build.id });
  const known = outcome.ok ? outcome.value.form : undefined;
  const { dockerfile, target = '', platform = '', references } = build;
  const told = { dockerfile, target, platform, reference: references[0] ?? '' };
  request({ kind: 'build', form: known ?? told });
}

/** Asks for a folder, then for the rest. */
export async function chooseAndBuild(): Promise<void> {
  const outcome = await call('builds.chooseFolder', undefined);
  if (!outcome.ok) noticeFailed(() => i18next.t('builds.noFolder'), outcome.failure);
  else if (outcome.value.folder !== undefined) request({ kind: 'build', form: { folder: outcome.value.folder } });
}

/** What was dropped on the window is a folder. */
export async function buildDropped(): Promise<void> {
  const outcome = await call('builds.dropped', undefined);
  if (!outcome.ok) noticeFailed(() => i18next.t('builds.noFolder'), outcome.failure);
  else if (outcome.value.folder !== undefined) request({ kind: 'build', form: { folder: outcome.value.folder } });
}
