import i18next from 'i18next';
import {
  CircleX,
  Copy,
  ExternalLink,
  Pause,
  Pencil,
  Play,
  RotateCw,
  ScrollText,
  SquareTerminal,
  Trash2,
} from 'lucide-react';
import type { Container } from '../../electron/bridge/host.ts';
import { navigate } from '../ui/hash-route.ts';
import type { MenuEntry } from '../ui/menu.tsx';
import { StopIcon } from '../ui/stop-icon.tsx';
import { act, startOrStop } from './container-actions.ts';
import { firstPort } from './container-ports.ts';
import { isActive } from './container-state.ts';
import { noticeDone } from './notices.ts';
import { request } from './requests.ts';

/** Of a part of a container's page. */
export function containerPath(id: string, part: string): string {
  return `/containers/${id}/${part}`;
}

/** The page with the container's terminals. */
export function terminalPath(id: string): string {
  return containerPath(id, 'terminal');
}

export function logsPath(id: string): string {
  return containerPath(id, 'logs');
}

async function copyId(id: string): Promise<void> {
  await navigator.clipboard.writeText(id);
  noticeDone(i18next.t('app.copied'));
}

function openEntry(container: Container): MenuEntry[] {
  const open = firstPort(container);
  return open ? [{ label: i18next.t('ports.open'), icon: ExternalLink, keyHint: 'O', onSelect: open }] : [];
}

function pauseEntry(container: Container, off: boolean): MenuEntry {
  const paused = container.state === 'paused';
  return {
    label: i18next.t(paused ? 'containers.unpause' : 'containers.pause'),
    icon: paused ? Play : Pause,
    disabled: off || !(paused || container.state === 'running'),
    onSelect: () => void act(paused ? 'unpause' : 'pause', container),
  };
}

/** Everything that can be done to a container, for its menu. */
export function containerMenu(container: Container, options: { logs: boolean; offline: boolean }): MenuEntry[] {
  const { t } = i18next;
  const { id } = container;
  const active = isActive(container);
  const off = options.offline;
  const logs = { label: t('containers.logs'), icon: ScrollText, keyHint: 'L', onSelect: () => navigate(logsPath(id)) };
  const terminal = {
    label: t('terminals.title'),
    icon: SquareTerminal,
    keyHint: 'T',
    onSelect: () => navigate(terminalPath(id)),
  };
  return [
    {
      label: t(active ? 'containers.stop' : 'containers.start'),
      icon: active ? StopIcon : Play,
      keyHint: 'S',
      disabled: off,
      onSelect: () => void startOrStop(container),
    },
    {
      label: t('containers.restart'),
      icon: RotateCw,
      keyHint: 'R',
      disabled: off,
      onSelect: () => void act('restart', container),
    },
    ...(options.logs ? [logs] : []),
    ...openEntry(container),
    pauseEntry(container, off),
    ...(options.logs ? [logs, terminal] : []),
    {
      label: t('containers.kill'),
      icon: CircleX,
      disabled: off || !active,
      onSelect: () => void act('kill', container),
    },
    {
      label: t('containers.rename'),
      icon: Pencil,
      disabled: off,
      apart: true,
      onSelect: () => request({ kind: 'rename-container', id }),
    },
    { label: t('containers.copyId'), icon: Copy, onSelect: () => void copyId(id) },
    {
      label: t('containers.remove'),
      icon: Trash2,
      keyHint: t('keys.del'),
      danger: true,
      disabled: off,
      apart: true,
      onSelect: () => request({ kind: 'remove-containers', ids: [id] }),
    },
  ];
}
