import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../../../electron/bridge/failure.ts';
import type { LoginFacts, Registries } from '../../../../electron/bridge/registries.ts';
import { call } from '../../../host/bridge-client.ts';
import { failureText } from '../../../host/failure-text.ts';
import { noticeDone } from '../../../host/notices.ts';
import { Button } from '../../../ui/button.tsx';
import { Checkbox } from '../../../ui/checkbox.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { Field, TextInput } from '../../../ui/text-field.tsx';
import { takeLogins } from './registries-store.ts';

export interface LoginDialogProps {
  host: string;
  registries: Registries;
  onClose: () => void;
}

/** Signs in: the registry checks it first, then it is kept as well as this computer can. */
export function LoginDialog({ host, registries, onClose }: LoginDialogProps) {
  const { t } = useTranslation();
  const known = registries.logins.find((login) => login.host === host)?.username ?? '';
  const [username, setUsername] = useState(known);
  const [password, setPassword] = useState('');
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  const incomplete = username.trim() === '' || password === '';
  const signIn = async () => {
    setBusy(true);
    const outcome = await call('registries.signIn', { host, username: username.trim(), password });
    setBusy(false);
    if (!outcome.ok) return setFailure(outcome.failure);
    takeLogins(outcome.value);
    noticeDone(t('mirrors.login.isIn', { name: host }));
    onClose();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('mirrors.login.title', { name: host })}
      closeLabel={t('app.close')}
      focus={first}
      onSubmit={() => !incomplete && !busy && void signIn()}
      footer={
        <>
          <span className="flex-1" />
          <Button onClick={onClose}>{t('app.cancel')}</Button>
          <Button kind="primary" type="submit" disabled={incomplete} busy={busy}>
            {t('mirrors.login.in')}
          </Button>
        </>
      }
    >
      <Field label={t('mirrors.login.username')} hint={t('mirrors.login.robotHint')}>
        {(ids) => <TextInput {...ids} ref={first} value={username} onChange={setUsername} />}
      </Field>
      <Field label={t('mirrors.login.password')} error={failure && failureText(failure)}>
        {(ids) => (
          <TextInput
            {...ids}
            type="password"
            placeholder={t('mirrors.login.passwordHint')}
            value={password}
            bad={failure !== undefined}
            onChange={(next) => {
              setPassword(next);
              setFailure(undefined);
            }}
          />
        )}
      </Field>
      <Keeping facts={registries} />
    </Dialog>
  );
}

const keepingWords = {
  keychain: 'mirrors.login.keychain',
  weak: 'mirrors.login.weak',
  session: 'mirrors.login.session',
} as const satisfies Record<LoginFacts['keeping'], string>;

/** Where the login stays; where no keychain is, the user decides. */
function Keeping({ facts }: { facts: LoginFacts }) {
  const { t } = useTranslation();
  const agree = async (agreed: boolean) => {
    const outcome = await call('registries.keepWeakly', { agreed });
    if (outcome.ok) takeLogins(outcome.value);
  };
  return (
    <div className="mb-3 ml-30">
      <p className={`text-small ${facts.keeping === 'keychain' ? 'text-fg-4' : 'text-warning-text'}`}>
        {t(keepingWords[facts.keeping])}
      </p>
      {facts.weakPossible && (
        <div className="mt-2">
          <Checkbox
            checked={facts.keeping === 'weak'}
            label={t('mirrors.login.agree')}
            onChange={(agreed) => void agree(agreed)}
          />
        </div>
      )}
    </div>
  );
}
