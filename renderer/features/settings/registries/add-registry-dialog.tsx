import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../../../electron/bridge/failure.ts';
import type { RegistrySettings } from '../../../../electron/bridge/registries.ts';
import { failureText } from '../../../host/failure-text.ts';
import { Button } from '../../../ui/button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { Field, TextInput } from '../../../ui/text-field.tsx';
import { useRested } from './address-dialog.tsx';
import { changeRegistries, useRegistries } from './registries-store.ts';
import { prefixProblem, withRule } from './registry-rules.ts';

const problems = { prefix: 'mirrors.problem.prefix', twice: 'mirrors.problem.prefixTwice' } as const;

const example = 'ghcr.io';

/** A rule for a further registry, or for a repository of one. */
export function AddRegistryDialog({ settings, onClose }: { settings: RegistrySettings; onClose: () => void }) {
  const { t } = useTranslation();
  const [prefix, setPrefix] = useState('');
  const [left, setLeft] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const rested = useRested(prefix);
  const problem = prefixProblem(prefix, settings);
  const shown = problem && prefix !== '' && (rested || left) ? t(problems[problem]) : failure && failureText(failure);
  const add = async () => {
    setLeft(true);
    if (problem) return;
    setBusy(true);
    const refused = await changeRegistries((now) => withRule(now, prefix.trim()));
    setBusy(false);
    if (refused) return setFailure(refused);
    useRegistries.setState({ prefix: prefix.trim() });
    onClose();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('mirrors.add.title')}
      closeLabel={t('app.close')}
      focus={input}
      onSubmit={() => void add()}
      footer={
        <>
          <span className="flex-1" />
          <Button onClick={onClose}>{t('app.cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy} disabled={prefix.trim() === ''}>
            {t('mirrors.add.action')}
          </Button>
        </>
      }
    >
      <Field label={t('mirrors.add.field')} error={shown} hint={t('mirrors.add.hint')}>
        {(ids) => (
          <TextInput
            {...ids}
            ref={input}
            mono
            value={prefix}
            bad={shown !== undefined}
            placeholder={example}
            onBlur={() => setLeft(true)}
            onChange={(next) => {
              setPrefix(next);
              setLeft(false);
              setFailure(undefined);
            }}
          />
        )}
      </Field>
    </Dialog>
  );
}
