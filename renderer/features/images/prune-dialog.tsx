import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../../electron/bridge/failure.ts';
import type { PruneArg, PrunePreview } from '../../../electron/bridge/images.ts';
import { call } from '../../host/bridge-client.ts';
import { failureText } from '../../host/failure-text.ts';
import { shortId, sizeText } from '../../host/figures.ts';
import { useHost } from '../../host/host-store.ts';
import { noticeDone } from '../../host/notices.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { FieldGroup } from '../../ui/field-group.tsx';
import { Select } from '../../ui/select.tsx';
import { Spinner } from '../../ui/spinner.tsx';

type Age = 'any' | 'day' | 'week' | 'month';
const hours: Record<Age, number | undefined> = { any: undefined, day: 24, week: 168, month: 720 };

/** What goes, asked anew whenever the choice or the images changed. */
function usePreview(what: PruneArg['what'], age: Age) {
  const images = useHost((state) => state.images);
  const [preview, setPreview] = useState<PrunePreview>();
  const [failure, setFailure] = useState<Failure>();
  const olderThanHours = hours[age];
  // the list says when to ask again
  useEffect(() => {
    let wanted = true;
    void call('images.prunePreview', { what, ...(olderThanHours && { olderThanHours }) }).then((outcome) => {
      if (!wanted) return;
      setPreview(outcome.ok ? outcome.value : undefined);
      setFailure(outcome.ok ? undefined : outcome.failure);
    });
    return () => {
      wanted = false;
    };
  }, [what, olderThanHours, images]);
  return { preview, failure, arg: { what, ...(olderThanHours && { olderThanHours }) } };
}

/** Removes what nothing uses: shows first what goes, and how much is then free. */
export function PruneDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [what, setWhat] = useState<PruneArg['what']>('unnamed');
  const [age, setAge] = useState<Age>('any');
  const { preview, failure, arg } = usePreview(what, age);
  const [refused, setRefused] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  const safe = useRef<HTMLButtonElement>(null);
  const none = !preview || preview.images.length === 0;
  const go = async () => {
    setBusy(true);
    const outcome = await call('images.prune', arg);
    setBusy(false);
    if (!outcome.ok) return setRefused(outcome.failure);
    onClose();
    noticeDone(t('images.pruning.done', { size: sizeText(outcome.value.freed) }));
  };
  const bad = refused ?? failure;
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('images.pruning.title')}
      closeLabel={t('app.close')}
      focus={safe}
      footer={
        <>
          <p className="min-w-0 flex-1 text-small text-fg-3">
            {preview && !preview.exact && t('images.pruning.about')}
          </p>
          <Button ref={safe} onClick={onClose}>
            {t('app.cancel')}
          </Button>
          <Button kind="danger" disabled={none} busy={busy} onClick={() => void go()}>
            {none ? t('images.remove') : t('images.pruning.free', { size: sizeText(preview.freed) })}
          </Button>
        </>
      }
    >
      <FieldGroup label={t('images.pruning.what')}>
        <Select
          label={t('images.pruning.what')}
          value={what}
          onChange={setWhat}
          options={[
            { value: 'unnamed', text: t('images.pruning.unnamed') },
            { value: 'unused', text: t('images.pruning.unused') },
          ]}
        />
      </FieldGroup>
      <FieldGroup label={t('images.pruning.age')}>
        <Select
          label={t('images.pruning.age')}
          value={age}
          onChange={setAge}
          options={[
            { value: 'any', text: t('images.pruning.any') },
            { value: 'day', text: t('images.pruning.day') },
            { value: 'week', text: t('images.pruning.week') },
            { value: 'month', text: t('images.pruning.month') },
          ]}
        />
      </FieldGroup>
      {bad && (
        <p role="alert" className="mb-3 text-error-text">
          {failureText(bad)}
        </p>
      )}
      {preview ? <Going preview={preview} /> : !bad && <Spinner />}
    </Dialog>
  );
}

function Going({ preview }: { preview: PrunePreview }) {
  const { t } = useTranslation();
  const known = useHost((state) => state.images);
  if (preview.images.length === 0) return <p className="pb-3 text-fg-3">{t('images.pruning.nothing')}</p>;
  return (
    <>
      <h3 className="flex border-line-1 border-b pb-1.5 font-semibold">
        {t('images.pruning.going', { count: preview.images.length })}
      </h3>
      <ul
        aria-label={t('images.pruning.going', { count: preview.images.length })}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
        tabIndex={0}
        className="mb-3 max-h-64 overflow-y-auto rounded-1"
      >
        {preview.images.map(({ id, tags }) => (
          <li key={id} className="flex h-7 items-center gap-4 whitespace-nowrap">
            <span className="min-w-0 flex-1 overflow-hidden text-ellipsis" title={tags.join(', ')}>
              {tags.length > 0 ? tags.join(', ') : <span className="text-fg-3">{t('images.untagged')}</span>}
            </span>
            <code className="mono text-caption text-fg-4">{shortId(id)}</code>
            <span className="w-16 text-right text-small tabular-nums text-fg-3">
              {known[id] ? sizeText(known[id].size) : ''}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
