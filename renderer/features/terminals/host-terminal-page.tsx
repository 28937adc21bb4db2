import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { EngineBanner } from '../../host/engine-view.tsx';
import { useHost } from '../../host/host-store.ts';
import { noticeDone } from '../../host/notices.ts';
import { Button } from '../../ui/button.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { PageMessage } from '../../ui/page-states.tsx';
import { AddButton, TerminalPanel } from './terminal-panel.tsx';
import { openTerminal, useTerminals } from './terminal-store.ts';

/** The user's own shell on this computer, with DOCKER_HOST at this engine. */
export function HostTerminalPage() {
  const { t } = useTranslation();
  const socket = useHost((state) => state.engine?.version?.socket);
  const open = () => void openTerminal({ kind: 'host', place: 'host' }, () => noticeDone(t('app.copied')));
  const asked = useRef(false);
  useEffect(() => {
    if (asked.current) return;
    asked.current = true;
    if (!useTerminals.getState().tabs.some(({ target }) => target.kind === 'host')) open();
  });
  return (
    <>
      <PageHeader title={t('terminals.hostTitle')}>
        {socket && <code className="mono selectable text-caption text-fg-4">{`DOCKER_HOST=unix://${socket}`}</code>}
      </PageHeader>
      <EngineBanner shows="nothing" />
      <TerminalPanel
        place="host"
        titleOf={() => t('terminals.hostShell')}
        offline={false}
        opener={<AddButton label={t('terminals.new')} disabled={false} onClick={open} />}
        empty={
          <PageMessage
            title={t('terminals.none')}
            text={t('terminals.hostText')}
            actions={<Button onClick={open}>{t('terminals.new')}</Button>}
          />
        }
      />
    </>
  );
}
