import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../../electron/bridge/failure.ts';
import { call } from '../../host/bridge-client.ts';
import { failureText } from '../../host/failure-text.ts';
import { useHost } from '../../host/host-store.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field, TextInput } from '../../ui/text-field.tsx';

export function RenameDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation();
  const old = useHost((state) => state.containers[id]?.name ?? '');
  const [name, setName] = useState(old);
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const rename = async () => {
    setBusy(true);
    const outcome = await call('containers.rename', { id, name: name.trim() });
    setBusy(false);
    if (outcome.ok) onClose();
    else setFailure(outcome.failure);
  };
  const unchanged = name.trim() === '' || name.trim() === old;
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('containers.renaming.title', { name: old })}
      closeLabel={t('app.close')}
      focus={input}
      onSubmit={() => !unchanged && void rename()}
      footer={
        <>
          <span className="flex-1" />
          <Button onClick={onClose}>{t('app.cancel')}</Button>
          <Button kind="primary" type="submit" disabled={unchanged} busy={busy}>
            {t('containers.rename')}
          </Button>
        </>
      }
    >
      <Field label={t('containers.renaming.field')} error={failure && failureText(failure)}>
        {(ids) => (
          <TextInput
            {...ids}
            ref={input}
            value={name}
            bad={failure !== undefined}
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
