import i18next from 'i18next';
import { create } from 'zustand';
import type { Failure } from '../../../electron/bridge/failure.ts';
import type { LoadProgress } from '../../../electron/bridge/images.ts';
import { openUpload, type Upload } from '../../host/bridge-client.ts';
import { noticeDone, noticeFailed } from '../../host/notices.ts';
import { requestFile } from '../../host/requests.ts';
import { navigate } from '../../ui/hash-route.ts';

export interface Load {
  readonly id: number;
  readonly name: string;
  /** Bytes of the file, and of those that were handed over. */
  readonly size: number;
  readonly sent: number;
  readonly state: 'waiting' | 'sending' | 'unpacking';
  /** The engine's last words. */
  readonly text: string;
}

/** Archives that are being loaded or wait for it; one at a time is under way. They outlive the page. */
export const useLoads = create<{ loads: readonly Load[] }>()(() => ({ loads: [] }));

/** Bytes read from the file at a time. */
const PART = 256 * 1024;
const uploads = new Map<number, Upload>();
let last = 0;
let queue: Promise<void> = Promise.resolve();

function change(id: number, part: Partial<Load>): void {
  useLoads.setState(({ loads }) => ({ loads: loads.map((load) => (load.id === id ? { ...load, ...part } : load)) }));
}

function forget(id: number): void {
  uploads.delete(id);
  useLoads.setState(({ loads }) => ({ loads: loads.filter((load) => load.id !== id) }));
}

const isWanted = (id: number) => useLoads.getState().loads.some((load) => load.id === id);

/** Loads these archives one after the other. */
export function loadFiles(files: Iterable<File>): void {
  for (const file of files) {
    last += 1;
    const id = last;
    const load: Load = { id, name: file.name, size: file.size, sent: 0, state: 'waiting', text: '' };
    useLoads.setState(({ loads }) => ({ loads: [...loads, load] }));
    queue = queue.then(() => loadOne(id, file));
  }
}

/** Leaves the load; the engine forgets what it has of it. */
export function cancelLoad(id: number): void {
  uploads.get(id)?.cancel();
  forget(id);
}

async function loadOne(id: number, file: File): Promise<void> {
  if (!isWanted(id)) return;
  const loaded: string[] = [];
  let end: (failure?: Failure) => void = () => {};
  const ended = new Promise<Failure | undefined>((resolve) => {
    end = resolve;
  });
  const upload = openUpload('images.load', undefined, {
    onItems: (items: readonly LoadProgress[]) => {
      for (const item of items) {
        if (item.reference) loaded.push(item.reference);
        change(id, { text: item.text });
      }
    },
    onEnd: end,
  });
  uploads.set(id, {
    ...upload,
    cancel: () => {
      upload.cancel();
      end();
    },
  });
  change(id, { state: 'sending' });
  const unreadable = await sendFile(id, file, upload);
  if (unreadable) upload.cancel();
  const failure = unreadable ?? (await ended);
  if (!isWanted(id)) return;
  forget(id);
  tell(file.name, loaded, failure);
}

/** The failure is about reading the file; what the engine says comes by the upload's end. */
async function sendFile(id: number, file: File, upload: Upload): Promise<Failure | undefined> {
  try {
    for (let at = 0; at < file.size; at += PART) {
      const part = new Uint8Array(await file.slice(at, at + PART).arrayBuffer());
      if (!isWanted(id) || !(await upload.send(part))) return undefined;
      change(id, { sent: Math.min(file.size, at + PART) });
    }
  } catch (error) {
    return { code: 'invalid', message: error instanceof Error ? error.message : String(error), params: {} };
  }
  upload.finish();
  change(id, { state: 'unpacking', text: '' });
  return undefined;
}

function tell(file: string, loaded: readonly string[], failure: Failure | undefined): void {
  if (!failure) {
    noticeDone(i18next.t('images.loaded', { file }), loaded.join(', '));
    return;
  }
  const again = () => {
    navigate('/images');
    requestFile();
  };
  noticeFailed(
    () => i18next.t('images.notLoaded', { file }),
    failure,
    () => ({ label: i18next.t('images.otherFile'), onPress: again }),
  );
}
