import i18next from 'i18next';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../../electron/bridge/failure.ts';
import type { Image } from '../../../electron/bridge/host.ts';
import { call } from '../../host/bridge-client.ts';
import { failureText } from '../../host/failure-text.ts';
import { shortId, sizeText } from '../../host/figures.ts';
import { useHost } from '../../host/host-store.ts';
import { nameOf } from '../../host/image-menu.ts';
import { noticeDone } from '../../host/notices.ts';
import type { ImageName } from '../../host/requests.ts';
import { Button } from '../../ui/button.tsx';
import { Question } from '../../ui/dialog.tsx';

export interface RemoveImageQuestionProps {
  images: readonly ImageName[];
  onClose: () => void;
}

const shown = ({ id, reference }: ImageName) => reference ?? shortId(id);

/** What goes for good: images of which no name is left. */
function losses(images: readonly ImageName[], known: Readonly<Record<string, Image>>): Image[] {
  return [...new Set(images.map(({ id }) => id))].flatMap((id) => {
    const image = known[id];
    const going = images.filter((each) => each.id === id && each.reference !== undefined).length;
    return image && going >= image.references.length ? [image] : [];
  });
}

/** Removes names of images, and with its last name an image. A refusal is told here, with the forced way. */
export function RemoveImageQuestion({ images, onClose }: RemoveImageQuestionProps) {
  const { t } = useTranslation();
  const known = useHost((state) => state.images);
  const safe = useRef<HTMLButtonElement>(null);
  // what was asked about first, for the list shrinks while they go
  const [asked] = useState(() => ({ sentence: lossText(images, known) }));
  const [left, setLeft] = useState(images);
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  const forced = failure?.reason === 'image.in-use';
  const names = { name: shown(images[0] ?? { id: '' }), count: images.length };
  const remove = async () => {
    setBusy(true);
    const rest = [...left];
    for (let next = rest[0]; next; next = rest[0]) {
      const outcome = await call('images.remove', { id: nameOf(next), force: forced });
      if (!outcome.ok && outcome.failure.code !== 'not-found') {
        setBusy(false);
        setLeft(rest);
        return setFailure(outcome.failure);
      }
      rest.shift();
    }
    setBusy(false);
    onClose();
    noticeDone(images.length > 1 ? t('images.removedSeveral', names) : t('images.removed', names));
  };
  return (
    <Question
      open
      onClose={onClose}
      title={images.length > 1 ? t('images.removing.titleSeveral', names) : t('images.removing.title', names)}
      focus={safe}
      buttons={
        <>
          <Button ref={safe} onClick={onClose}>
            {t('images.removing.keep')}
          </Button>
          <Button kind="danger" busy={busy} onClick={() => void remove()}>
            {t(forced ? 'images.removing.force' : 'images.remove')}
          </Button>
        </>
      }
    >
      <p>{asked.sentence}</p>
      {failure && (
        <p role="alert" className="mt-2 text-error-text">
          {images.length > 1 && left[0] && `${shown(left[0])}: `}
          {failureText(failure)}
        </p>
      )}
    </Question>
  );
}

function lossText(images: readonly ImageName[], known: Readonly<Record<string, Image>>): string {
  const going = losses(images, known);
  const size = sizeText(going.reduce((sum, image) => sum + Math.max(0, image.size - (image.shared ?? 0)), 0));
  if (going.length > 0) return i18next.t('images.removing.lost', { size });
  const others = known[images[0]?.id ?? '']?.references.length ?? 1;
  return i18next.t('images.removing.nameOnly', { count: Math.max(1, others - images.length) });
}
