import { ChevronDown, LogIn, ShieldUser, SquareTerminal } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../../electron/bridge/failure.ts';
import type { Container } from '../../../electron/bridge/host.ts';
import { call } from '../../host/bridge-client.ts';
import { startOrStop } from '../../host/container-actions.ts';
import { useOnline } from '../../host/engine-view.tsx';
import { failureText } from '../../host/failure-text.ts';
import { noticeDone } from '../../host/notices.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { Menu, type MenuEntry } from '../../ui/menu.tsx';
import { LoadingBars, PageMessage } from '../../ui/page-states.tsx';
import { AddButton, TerminalPanel } from './terminal-panel.tsx';
import { openTerminal, type Target, type TerminalTab, useTerminals } from './terminal-store.ts';

/** Terminals in a container: shells, and its main process. */
export function TerminalView({ container }: { container: Container }) {
  const { t } = useTranslation();
  const online = useOnline();
  const running = container.state === 'running';
  const usable = online && running;
  const found = useShells(container.id, usable);
  const open = useOpener(container.id);
  const best = found.shells?.[0];
  useFirstShell(container.id, usable ? best : undefined, open);
  const entries: MenuEntry[] = [
    ...(found.shells ?? []).map((shell) => ({ label: shell, icon: SquareTerminal, onSelect: () => open({ shell }) })),
    ...(best === undefined
      ? []
      : [
          {
            label: t('terminals.asRoot', { shell: best }),
            icon: ShieldUser,
            apart: true,
            onSelect: () => open({ shell: best, user: '0' }),
          },
        ]),
    { label: t('terminals.attach'), icon: LogIn, apart: true, onSelect: () => open('attach') },
  ];
  const titleOf = ({ target }: TerminalTab) => {
    if (target.kind !== 'shell') return t('terminals.mainProcess');
    return target.user === undefined ? target.shell : t('terminals.asRoot', { shell: target.shell });
  };
  return (
    <TerminalPanel
      place={container.id}
      titleOf={titleOf}
      offline={!usable}
      opener={
        <>
          <AddButton
            label={t('terminals.new')}
            disabled={!usable || best === undefined}
            onClick={() => best !== undefined && open({ shell: best })}
          />
          <Menu entries={entries} align="start">
            <IconButton small icon={ChevronDown} label={t('terminals.openWith')} disabled={!usable} />
          </Menu>
        </>
      }
      empty={
        <NoTerminal container={container} found={found} usable={usable} attach={() => open('attach')}>
          {best !== undefined && (
            <Button onClick={() => open({ shell: best })}>{t('terminals.openShell', { shell: best })}</Button>
          )}
        </NoTerminal>
      }
    />
  );
}

interface FoundShells {
  /** Undefined while it is being asked. */
  shells?: readonly string[];
  failure?: Failure;
}

function useShells(id: string, usable: boolean): FoundShells {
  const [found, setFound] = useState<FoundShells>({});
  useEffect(() => {
    if (!usable) return setFound({});
    let left = false;
    void call('terminals.shells', { id }).then((outcome) => {
      if (!left) setFound(outcome.ok ? { shells: outcome.value } : { failure: outcome.failure });
    });
    return () => {
      left = true;
    };
  }, [id, usable]);
  return found;
}

function useOpener(place: string) {
  const { t } = useTranslation();
  return (what: { shell: string; user?: string } | 'attach') => {
    const target: Target = what === 'attach' ? { kind: 'attach', place } : { kind: 'shell', place, ...what };
    void openTerminal(target, () => noticeDone(t('app.copied')));
  };
}

/** Who comes here wants a shell: the first one opens by itself, once. */
function useFirstShell(id: string, best: string | undefined, open: ReturnType<typeof useOpener>): void {
  const asked = useRef(false);
  useEffect(() => {
    if (best === undefined || asked.current) return;
    asked.current = true;
    if (!useTerminals.getState().tabs.some(({ target }) => target.place === id)) open({ shell: best });
  });
}

interface NoTerminalProps {
  container: Container;
  found: FoundShells;
  usable: boolean;
  attach: () => void;
  children: React.ReactNode;
}

function NoTerminal({ container, found, usable, attach, children }: NoTerminalProps) {
  const { t } = useTranslation();
  const online = useOnline();
  const attachButton = (
    <Button kind="quiet" onClick={attach}>
      {t('terminals.attach')}
    </Button>
  );
  if (container.state !== 'running') {
    const startable = container.state !== 'paused' && container.state !== 'restarting';
    return (
      <PageMessage
        title={t('terminals.notRunning')}
        text={t('terminals.notRunningText')}
        actions={
          startable && (
            <Button disabled={!online} onClick={() => void startOrStop(container)}>
              {t('containers.start')}
            </Button>
          )
        }
      />
    );
  }
  if (found.failure)
    return <PageMessage title={t('terminals.failed')} text={failureText(found.failure)} actions={attachButton} />;
  if (!usable || found.shells === undefined) return <LoadingBars label={t('terminals.title')} />;
  if (found.shells.length === 0)
    return <PageMessage title={t('terminals.noShell')} text={t('terminals.noShellText')} actions={attachButton} />;
  return (
    <PageMessage
      title={t('terminals.none')}
      text={t('terminals.noneText')}
      actions={
        <>
          {children}
          {attachButton}
        </>
      }
    />
  );
}
