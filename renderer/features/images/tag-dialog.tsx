import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../../electron/bridge/failure.ts';
import { call } from '../../host/bridge-client.ts';
import { failureText } from '../../host/failure-text.ts';
import { shortId } from '../../host/figures.ts';
import { noticeDone } from '../../host/notices.ts';
import { familiarName, isReference } from '../../host/references.ts';
import { request } from '../../host/requests.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field, TextInput } from '../../ui/text-field.tsx';

export interface TagDialogProps {
  /** Reference or id. */
  image: string;
  /** Gives the name so that the image can be pushed by it, and pushes. */
  push?: boolean;
  onClose: () => void;
}

const shownName = (image: string) => (image.startsWith('sha256:') ? shortId(image) : image);

/** Gives an image a further name; or sends it to a registry, under the name that says which. */
export function TagDialog({ image, push = false, onClose }: TagDialogProps) {
  const { t } = useTranslation();
  const first = image.startsWith('sha256:') ? '' : image;
  const [name, setName] = useState(first);
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const reference = familiarName(name);
  const renamed = reference !== first;
  const possible = isReference(reference) && !reference.includes('@') && (push || renamed);
  const go = async (): Promise<Failure | undefined> => {
    const tagged = renamed ? await call('images.tag', { id: image, reference }) : undefined;
    if (tagged && !tagged.ok) return tagged.failure;
    if (!push) {
      onClose();
      noticeDone(t('images.tagged', { name: reference }));
      return undefined;
    }
    const begun = await call('transfers.push', { reference });
    if (!begun.ok) return begun.failure;
    request({ kind: 'transfer', id: begun.value.id });
    return undefined;
  };
  const submit = async () => {
    if (!possible || busy) return;
    setBusy(true);
    setFailure(await go());
    setBusy(false);
  };
  const bad = name.trim() !== '' && !isReference(reference);
  return (
    <Dialog
      open
      onClose={onClose}
      title={t(push ? 'images.pushing.title' : 'images.tagging.title', { name: shownName(image) })}
      closeLabel={t('app.close')}
      focus={input}
      onSubmit={() => void submit()}
      footer={
        <>
          <span className="flex-1" />
          <Button onClick={onClose}>{t('app.cancel')}</Button>
          <Button kind="primary" type="submit" disabled={!possible} busy={busy}>
            {t(push ? 'images.push' : 'images.tag')}
          </Button>
        </>
      }
    >
      <Field
        label={t(push ? 'images.pushing.field' : 'images.tagging.field')}
        error={failure ? failureText(failure) : bad && t('pull.badName')}
        hint={t(push ? 'images.pushing.hint' : 'images.tagging.hint')}
      >
        {(ids) => (
          <TextInput
            {...ids}
            ref={input}
            value={name}
            bad={failure !== undefined || bad}
            placeholder={t('images.tagging.placeholder')}
            onChange={(next) => {
              setName(next);
              setFailure(undefined);
            }}
          />
        )}
      </Field>
    </Dialog>
  );
}
