import { closeSync, constants, existsSync, lstatSync, openSync, rmSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { BootMemo } from '../../base/boot-memo.ts';
import { EngineError, messageOf } from '../../base/errors.ts';
import { fileTypes, makeNodeAt, setAttribute } from '../../base/libc-files.ts';
import type { Mount } from '../../base/mount.ts';
import type { SnapshotterOptions } from './directory-snapshotter.ts';
import { openFuseOverlayfsSnapshotter } from './fuse-overlayfs-snapshotter.ts';
import { kernelOptions, openOverlaySnapshotter, overlayMounts } from './overlay-snapshotter.ts';
import { openPlainCopySnapshotter } from './plain-copy-snapshotter.ts';
import type { Snapshotter } from './snapshotter.ts';

/** Performs mounts; the drivers' mounter is one. */
export interface ProbeMounter {
  mount(mounts: readonly Mount[], target: string): Promise<void>;
  unmount(target: string): Promise<void>;
}

export interface ChooseSnapshotterOptions extends SnapshotterOptions {
  mounter: ProbeMounter;
  /** Spares the trial of what has worked in this data root since the boot. */
  memo?: BootMemo;
}

export interface ChosenSnapshotter {
  snapshotter: Snapshotter;
  /** Those tried before it, and why they do not work here. */
  refused: readonly { name: Snapshotter['name']; detail: string }[];
  /**
   * Why its root filesystems cannot be mounted here, so that containers cannot run: reason `data-root.no-snapshotter`
   * where the data root's own one does not work any more, `host.no-overlay` where nothing can be mounted at all.
   */
  problem?: EngineError;
}

interface Candidate {
  name: Snapshotter['name'];
  open(options: SnapshotterOptions): Promise<Snapshotter>;
  /** Throws what is in the way. */
  probe(options: ChooseSnapshotterOptions): Promise<void>;
}

/** In the order they are tried. */
const candidates: readonly Candidate[] = [
  {
    name: 'overlay',
    open: openOverlaySnapshotter,
    async probe(options) {
      await refuseUnsuitable(options.root);
      await tryOverlay('overlay', kernelOptions(), options);
    },
  },
  {
    name: 'fuse-overlayfs',
    open: openFuseOverlayfsSnapshotter,
    async probe(options) {
      if (!existsSync('/dev/fuse')) throw new Error('/dev/fuse is missing');
      await tryOverlay('fuse-overlayfs', [], options);
    },
  },
  { name: 'vfs', open: openPlainCopySnapshotter, probe: tryBind },
];

/**
 * The first snapshotter that works in this data root, by mounting for real; fixed there from then on, because the
 * layers of one are not the layers of another.
 */
export async function chooseSnapshotter(options: ChooseSnapshotterOptions): Promise<ChosenSnapshotter> {
  await mkdir(options.root, { recursive: true, mode: 0o700 });
  await clearProbes(options);
  const fixed = fixedName(options);
  const refused: { name: Snapshotter['name']; detail: string }[] = [];
  for (const candidate of candidates.filter(({ name }) => fixed === undefined || name === fixed)) {
    const detail = await tryOnce(candidate, options).then(() => undefined, messageOf);
    if (detail !== undefined) {
      refused.push({ name: candidate.name, detail });
      continue;
    }
    fix(options, candidate.name);
    return { snapshotter: await candidate.open(options), refused };
  }
  // Images can still be looked at and removed; plain copies need nothing of the host to be unpacked.
  const open = candidates.find(({ name }) => name === fixed)?.open ?? openPlainCopySnapshotter;
  return { snapshotter: await open(options), refused, problem: problemOf(fixed, refused) };
}

/** @throws what is in the way; that is looked at again at the next start */
async function tryOnce({ name, probe }: Candidate, options: ChooseSnapshotterOptions): Promise<void> {
  const { root, memo } = options;
  if (!memo) return probe(options);
  const { dev, ino } = statSync(root);
  const find = () => probe(options).then(() => true);
  await memo.recall(`snapshotter ${name}`, [root, dev, ino].join(' '), find);
}

function problemOf(fixed: string | undefined, refused: ChosenSnapshotter['refused']): EngineError {
  const detail = refused.map((one) => `${one.name}: ${one.detail}`).join('; ');
  if (fixed === undefined) {
    return new EngineError(
      'unavailable',
      `no root filesystem can be mounted here (${detail}): run the engine as root`,
      {
        reason: 'host.no-overlay',
        params: { detail },
      },
    );
  }
  return new EngineError(
    'unavailable',
    `the data root was made with the snapshotter ${fixed}, which does not work here (${detail}): make it work again, or choose another --data-root`,
    { reason: 'data-root.no-snapshotter', params: { snapshotter: fixed, detail } },
  );
}

/** What this data root's layers were made by; without a note, layers can only be plain copies (see the end of above). */
function fixedName({ records: { database } }: ChooseSnapshotterOptions): string | undefined {
  const note = database.prepare(`SELECT value FROM meta WHERE key = 'snapshotter'`).get();
  if (note) return String(note.value);
  return database.prepare('SELECT 1 FROM snapshots LIMIT 1').get() ? 'vfs' : undefined;
}

function fix({ records: { database } }: ChooseSnapshotterOptions, name: string): void {
  database.prepare(`INSERT OR IGNORE INTO meta (key, value) VALUES ('snapshotter', ?)`).run(name);
}

/** Filesystems that an overlay mounts on and then fails, or that fail only under load (statfs(2) types). */
const unsuitable: ReadonlyMap<number, string> = new Map([
  [0x794c7630, 'overlayfs'],
  [0x6969, 'nfs'],
  [0x65735546, 'fuse'],
  [0xf15f, 'ecryptfs'],
  [0x61756673, 'aufs'],
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb2'],
  [0x01021997, '9p'],
]);

async function refuseUnsuitable(root: string): Promise<void> {
  const name = unsuitable.get((await statfs(root)).type);
  if (name) throw new Error(`the data root lies on ${name}, which cannot carry an overlay`);
}

const probePrefix = 'probe-';

/** What an engine killed while it probed left. */
async function clearProbes({ root, mounter }: ChooseSnapshotterOptions): Promise<void> {
  for (const name of await readdir(root))
    if (name.startsWith(probePrefix)) await endProbe(path.join(root, name), mounter);
}

async function endProbe(directory: string, mounter: ProbeMounter): Promise<void> {
  const merged = path.join(directory, 'merged');
  if (existsSync(merged)) await mounter.unmount(merged);
  rmSync(directory, { recursive: true, force: true });
}

/** A tiny overlay with whiteouts of our making: does it hide what it should, and does it write? */
async function tryOverlay(type: string, extra: readonly string[], options: ChooseSnapshotterOptions): Promise<void> {
  const directory = path.join(options.root, `${probePrefix}${process.pid}`);
  const at = (...names: string[]) => path.join(directory, ...names);
  try {
    for (const name of ['lower/opaque', 'middle/opaque', 'upper', 'work', 'merged'])
      await mkdir(at(name), { recursive: true });
    for (const name of ['whiteout', 'opaque/old', 'removed', 'kept']) await writeFile(at('lower', name), name);
    hide(at('middle'));
    const layers = { directory: at('upper'), work: at('work'), parents: [at('middle'), at('lower')] };
    await options.mounter.mount(overlayMounts(type, layers, { extra }), at('merged'));
    await checkMerged(at);
  } finally {
    await endProbe(directory, options.mounter);
  }
}

function hide(middle: string): void {
  const top = openSync(middle, constants.O_RDONLY | constants.O_DIRECTORY);
  const opaque = openSync(path.join(middle, 'opaque'), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    makeNodeAt(top, 'whiteout', fileTypes.character, 0, 0);
    setAttribute(opaque, 'trusted.overlay.opaque', Buffer.from('y'));
  } finally {
    closeSync(top);
    closeSync(opaque);
  }
}

async function tryBind(options: ChooseSnapshotterOptions): Promise<void> {
  const directory = path.join(options.root, `${probePrefix}${process.pid}`);
  const merged = path.join(directory, 'merged');
  try {
    await mkdir(merged, { recursive: true });
    await options.mounter.mount([{ type: 'bind', source: directory, options: ['bind'] }], merged);
  } finally {
    await endProbe(directory, options.mounter);
  }
}

async function checkMerged(at: (...names: string[]) => string): Promise<void> {
  if (existsSync(at('merged/whiteout'))) throw new Error('whiteouts are not honoured');
  if (existsSync(at('merged/opaque/old'))) throw new Error('opaque directories are not honoured');
  await writeFile(at('merged/kept'), 'changed');
  rmSync(at('merged/removed'));
  if ((await readFile(at('upper/kept'), 'utf8')) !== 'changed')
    throw new Error('writes do not reach the upper directory');
  if (!lstatSync(at('upper/removed')).isCharacterDevice()) throw new Error('removals leave no whiteout');
}
