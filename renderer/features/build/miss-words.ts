import i18next from 'i18next';
import type { CacheMiss, MissReason } from '../../../electron/bridge/builds.ts';
import { shortId } from '../../host/figures.ts';

const files = {
  changed: 'builds.missed.changed',
  added: 'builds.missed.added',
  removed: 'builds.missed.removed',
} as const;

function argumentText({ name, from, to, hidden }: Extract<MissReason, { kind: 'argument' }>): string {
  const { t } = i18next;
  if (hidden) return t('builds.missed.secret', { name });
  if (from === undefined) return t('builds.missed.argumentNew', { name, to: to ?? '' });
  if (to === undefined) return t('builds.missed.argumentGone', { name, from });
  return t('builds.missed.argument', { name, from, to });
}

/** Why a step was run, in words. */
function reasonText(reason: MissReason): string {
  const { t } = i18next;
  switch (reason.kind) {
    case 'file':
      return t(files[reason.change], { path: reason.path });
    case 'argument':
      return argumentText(reason);
    case 'base':
      return t('builds.missed.base', {
        name: reason.reference,
        from: shortId(reason.from),
        to: shortId(reason.to),
      });
    case 'instruction':
      return t('builds.missed.instruction', { from: reason.from });
    case 'settings':
      return t('builds.missed.settings');
    case 'earlier':
      return t('builds.missed.earlier', { step: reason.step });
    case 'no-cache':
      return t('builds.missed.noCache');
    case 'removed':
      return t('builds.missed.gone');
  }
}

/** One sentence for each reason. */
export function missTexts({ reasons, moreFiles }: CacheMiss): string[] {
  const more = moreFiles > 0 ? [i18next.t('builds.missed.more', { count: moreFiles })] : [];
  return [...reasons.map(reasonText), ...more];
}
