import { useTranslation } from 'react-i18next';
import type { EndpointHealth, RegistryRule } from '../../../../electron/bridge/registries.ts';
import { warningText } from '../../../host/failure-text.ts';
import { spanText } from '../../../host/figures.ts';
import type { Source } from './rule-sources.ts';
import type { SourceState } from './source-state.ts';

export const stateNames = {
  fine: 'mirrors.state.fine',
  slow: 'mirrors.state.slow',
  failing: 'mirrors.state.failing',
  sick: 'mirrors.state.sick',
  unknown: 'mirrors.state.unknown',
  off: 'mirrors.state.off',
} as const satisfies Record<SourceState, string>;

const shortReasons = {
  'registry.unreachable': 'mirrors.why.unreachable',
  'registry.tls': 'mirrors.why.tls',
  'registry.broken-answer': 'mirrors.why.broken',
} as const;

const hasShort = (reason: string): reason is keyof typeof shortReasons => reason in shortReasons;

export interface StateWords {
  readonly text: string;
  /** The whole cause, for the title. */
  readonly whole: string;
  readonly tone: 'text-fg-4' | 'text-warning-text' | 'text-error-text';
}

/** The last column: who served how much, or what it is sick with and until when. */
export function useStateWords({ state, health, role }: Source, rule: RegistryRule, now: number): StateWords {
  const { t } = useTranslation();
  const why = (failure: EndpointHealth['lastFailure']): string => {
    if (!failure) return t('mirrors.why.failed');
    const { status } = failure.params;
    if (status !== undefined) return String(status);
    return t(hasShort(failure.reason) ? shortReasons[failure.reason] : 'mirrors.why.failed');
  };
  const quiet = (text: string): StateWords => ({ text, whole: text, tone: 'text-fg-4' });
  if (role === 'registry' && rule.mirrorOnly) return quiet(t('mirrors.notAsked'));
  const failure = health?.lastFailure;
  const whole = failure ? warningText(failure) : '';
  if (state === 'sick') {
    const time = spanText((health?.sickUntil ?? now) - now);
    return { text: t('mirrors.sick', { why: why(failure), time }), whole, tone: 'text-error-text' };
  }
  if (state === 'failing')
    return { text: t('mirrors.failing', { why: why(failure) }), whole, tone: 'text-warning-text' };
  if (state === 'slow') {
    const text = t(rule.order === 'auto' ? 'mirrors.slowLast' : 'mirrors.state.slow');
    return { text, whole: text, tone: 'text-warning-text' };
  }
  if (state === 'off') return quiet(t('mirrors.state.off'));
  if (role === 'registry' && rule.mirrors.length > 0 && !health?.asked) return quiet(t('mirrors.fallback'));
  if (!health || health.asked === 0) return quiet(t('mirrors.neverAsked'));
  return quiet(t('mirrors.served', { served: health.served, count: health.asked }));
}
