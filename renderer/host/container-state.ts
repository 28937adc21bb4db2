import i18next from 'i18next';
import type { Container, ContainerHealth } from '../../electron/bridge/host.ts';
import type { GlyphShape } from '../ui/glyph-shape.ts';
import { ageText } from './figures.ts';

export interface StateView {
  shape: GlyphShape;
  /** The state in words, for whoever does not see the glyph. */
  label: string;
  /** The State column. */
  text: string;
  /** Colour of the words. */
  tone?: 'error' | 'warning';
}

/** It has a process: it can be stopped, and removing it means stopping it first. */
export function isActive(container: Container): boolean {
  return container.state === 'running' || container.state === 'paused' || container.state === 'restarting';
}

/** Exit codes above 128 name the signal that ended the process. */
const signals: Readonly<Record<number, string>> = {
  130: 'SIGINT',
  131: 'SIGQUIT',
  132: 'SIGILL',
  134: 'SIGABRT',
  135: 'SIGBUS',
  136: 'SIGFPE',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  143: 'SIGTERM',
};
/** What a stop ends with: no failure of the program. */
const asked = new Set([130, 137, 143]);

function exitedView(container: Container, now: number): StateView {
  const code = container.exitCode ?? 0;
  const ago = container.finishedAt ? i18next.t('time.ago', { span: ageText(container.finishedAt, now) }) : '';
  const bad = code !== 0 && !asked.has(code);
  const signal = signals[code];
  const how = signal
    ? i18next.t('containers.state.signal', { signal })
    : i18next.t('containers.state.exitCode', { code });
  const what = code === 0 ? i18next.t('containers.state.exited') : how;
  return {
    shape: bad ? 'cross' : 'ring',
    label: what,
    text: ago ? i18next.t('containers.state.whatAndWhen', { what, when: ago }) : what,
    ...(bad && { tone: 'error' as const }),
  };
}

export const healthTexts = {
  starting: 'containers.health.starting',
  healthy: 'containers.health.healthy',
  unhealthy: 'containers.health.unhealthy',
} as const satisfies Record<ContainerHealth, string>;

const healthShapes = {
  starting: 'arc-running',
  healthy: 'dot',
  unhealthy: 'dot-warning',
} as const satisfies Record<ContainerHealth, GlyphShape>;

/** One that is well says since when it runs, any other what is the matter. */
function runningView({ health, startedAt }: Container, now: number): StateView {
  const label = i18next.t(health ? healthTexts[health] : 'containers.state.running');
  const age = startedAt ? ageText(startedAt, now) : label;
  if (!health || health === 'healthy') return { shape: 'dot', label, text: age };
  return { shape: healthShapes[health], label, text: label, ...(health === 'unhealthy' && { tone: 'warning' }) };
}

export const toneClasses = { error: 'text-error-text', warning: 'text-warning-text' } as const;

/** How a container's state is shown; `now` in milliseconds since the epoch. */
export function stateView(container: Container, now: number): StateView {
  const simple = (shape: GlyphShape, label: string): StateView => ({ shape, label, text: label });
  const failed = (label: string): StateView => ({ ...simple('cross', label), tone: 'error' });
  switch (container.state) {
    case 'running':
      return runningView(container, now);
    case 'paused':
      return simple('pause', i18next.t('containers.state.paused'));
    case 'restarting':
      return simple('arc', i18next.t('containers.state.restarting'));
    case 'removing':
      return simple('arc', i18next.t('containers.state.removing'));
    case 'dead':
      return failed(i18next.t('containers.state.dead'));
    case 'created':
      return container.error
        ? failed(i18next.t('containers.state.didNotStart'))
        : simple('dashed', i18next.t('containers.state.created'));
    case 'exited':
      return container.error && !container.startedAt
        ? failed(i18next.t('containers.state.didNotStart'))
        : exitedView(container, now);
  }
}
