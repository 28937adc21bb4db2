import i18next from 'i18next';
import { useTranslation } from 'react-i18next';
import type { LoginLine } from '../../../../electron/bridge/registries.ts';
import { call } from '../../../host/bridge-client.ts';
import { noticeDone, noticeFailed } from '../../../host/notices.ts';
import { takeLogins } from './registries-store.ts';

/** Who is signed in, and where from: quiet words beside the button. */
export function LoginState({ login }: { login: LoginLine | undefined }) {
  const { t } = useTranslation();
  if (!login) return null;
  const { username, from } = login;
  const words =
    from === 'docker-cli'
      ? username === undefined
        ? t('mirrors.login.cli')
        : t('mirrors.login.cliAs', { name: username })
      : t('mirrors.login.as', { name: username ?? '' });
  return (
    <span className="min-w-0 overflow-hidden text-ellipsis whitespace-nowrap text-small text-fg-4" title={words}>
      {words}
    </span>
  );
}

/** Forgets the login; the engine forgets it as well. */
export async function signOut(host: string): Promise<void> {
  const outcome = await call('registries.signOut', { host });
  if (!outcome.ok) return noticeFailed(() => i18next.t('mirrors.login.notOut', { name: host }), outcome.failure);
  takeLogins(outcome.value);
  noticeDone(i18next.t('mirrors.login.isOut', { name: host }));
}
