import i18next from 'i18next';
import { create } from 'zustand';
import type { SaveProgress } from '../../electron/bridge/images.ts';
import { openStream } from './bridge-client.ts';
import { noticeDone, noticeFailed } from './notices.ts';

/** Archives that are being written. */
export interface Save {
  readonly id: number;
  readonly references: readonly string[];
  /** Absent until it was chosen. */
  readonly file?: string;
  /** Bytes so far; how many there will be nobody knows before the end. */
  readonly written: number;
}

export const useSaves = create<{ saves: readonly Save[] }>()(() => ({ saves: [] }));

const leaving = new Map<number, () => void>();
let last = 0;

function change(id: number, part: Partial<Save>): void {
  useSaves.setState(({ saves }) => ({ saves: saves.map((save) => (save.id === id ? { ...save, ...part } : save)) }));
}

function forget(id: number): Save | undefined {
  const save = useSaves.getState().saves.find((each) => each.id === id);
  leaving.delete(id);
  useSaves.setState(({ saves }) => ({ saves: saves.filter((each) => each.id !== id) }));
  return save;
}

/** Asks for a file and writes these images into it. They outlive the page. */
export function saveImages(references: readonly string[]): void {
  last += 1;
  const id = last;
  let chosen = true;
  useSaves.setState(({ saves }) => ({ saves: [...saves, { id, references, written: 0 }] }));
  const use = (item: SaveProgress) => {
    if (item.type === 'file') change(id, { file: item.path });
    else if (item.type === 'written') change(id, { written: item.bytes });
    else chosen = false;
  };
  const leave = openStream(
    'images.save',
    { references: [...references] },
    {
      onItems: (items) => items.forEach(use),
      onEnd: (failure) => {
        const file = forget(id)?.file ?? '';
        if (failure) noticeFailed(() => i18next.t('images.notSaved'), failure);
        else if (chosen) noticeDone(i18next.t('images.saved'), file);
      },
    },
  );
  leaving.set(id, leave);
}

/** Leaves it; what was written of the file is removed. */
export function cancelSave(id: number): void {
  leaving.get(id)?.();
  forget(id);
}
