import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../../../electron/bridge/failure.ts';
import type { RegistrySettings } from '../../../../electron/bridge/registries.ts';
import { failureText } from '../../../host/failure-text.ts';
import { Button } from '../../../ui/button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { Field, TextInput } from '../../../ui/text-field.tsx';
import { changeRegistries } from './registries-store.ts';
import { type AddressProblem, addressProblem } from './registry-rules.ts';

const problems = {
  address: 'mirrors.problem.address',
  scheme: 'mirrors.problem.scheme',
  credentials: 'mirrors.problem.credentials',
  query: 'mirrors.problem.query',
  path: 'mirrors.problem.path',
  twice: 'mirrors.problem.twice',
} as const satisfies Record<AddressProblem, string>;

/** True once `value` has not changed for 400 ms: while a word grows nothing is found wrong with it. */
export function useRested(value: string): boolean {
  const [rested, setRested] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), 400);
    return () => clearTimeout(timer);
  }, [value]);
  return rested === value;
}

export interface AddressDialogProps {
  title: string;
  text?: string | undefined;
  action: string;
  /** With a name, that is asked for as well. */
  start: { url: string; name?: string };
  placeholder: string;
  mayBeEmpty?: boolean;
  /** Addresses that are there already. */
  others?: readonly string[];
  change: (given: { url: string; name: string }) => (settings: RegistrySettings) => RegistrySettings;
  onClose: () => void;
}

/** Asks for the address of a mirror or registry, and applies it at once. */
export function AddressDialog({ start, others = [], mayBeEmpty = false, ...props }: AddressDialogProps) {
  const { t } = useTranslation();
  const [url, setUrl] = useState(start.url);
  const [name, setName] = useState(start.name ?? '');
  const [left, setLeft] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const rested = useRested(url);
  const empty = url.trim() === '';
  const problem = empty && mayBeEmpty ? undefined : addressProblem(url, others);
  const shown = problem && !empty && (rested || left) ? t(problems[problem]) : failure && failureText(failure);
  const apply = async () => {
    setLeft(true);
    if (problem) return;
    setBusy(true);
    const text = url.trim();
    const whole = text === '' || /^https?:\/\//i.test(text) ? text : `https://${text}`;
    const refused = await changeRegistries(props.change({ url: whole, name: name.trim() }));
    setBusy(false);
    if (refused) setFailure(refused);
    else props.onClose();
  };
  return (
    <Dialog
      open
      onClose={props.onClose}
      title={props.title}
      closeLabel={t('app.close')}
      focus={input}
      onSubmit={() => void apply()}
      footer={
        <>
          <span className="flex-1" />
          <Button onClick={props.onClose}>{t('app.cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy} disabled={empty && !mayBeEmpty}>
            {props.action}
          </Button>
        </>
      }
    >
      {props.text && <p className="mb-3 text-fg-3">{props.text}</p>}
      <Field label={t('mirrors.mirror.address')} error={shown} hint={/^http:/i.test(url) && t('mirrors.plainHint')}>
        {(ids) => (
          <TextInput
            {...ids}
            ref={input}
            mono
            value={url}
            placeholder={props.placeholder}
            bad={shown !== undefined}
            onBlur={() => setLeft(true)}
            onChange={(next) => {
              setUrl(next);
              setLeft(false);
              setFailure(undefined);
            }}
          />
        )}
      </Field>
      {start.name !== undefined && (
        <Field label={t('mirrors.mirror.name')}>
          {(ids) => <TextInput {...ids} value={name} placeholder={t('mirrors.mirror.nameHint')} onChange={setName} />}
        </Field>
      )}
    </Dialog>
  );
}
