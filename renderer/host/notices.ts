import i18next from 'i18next';
import type { Failure } from '../../electron/bridge/failure.ts';
import { navigate } from '../ui/hash-route.ts';
import { showNotice } from '../ui/notice.tsx';
import { failureText } from './failure-text.ts';
import { request, requestFile } from './requests.ts';

export interface Remedy {
  label: string;
  onPress: () => void;
}

/** The action that helps against a failure, when the reason tells one; else the words can be taken elsewhere. */
function remedyOf(failure: Failure): Remedy {
  if (failure.reason === 'image.not-found') {
    const { image } = failure.params;
    if (typeof image === 'string')
      return { label: i18next.t('pull.title'), onPress: () => request({ kind: 'pull', image }) };
    return {
      label: i18next.t('images.loadFile'),
      onPress: () => {
        navigate('/images');
        requestFile();
      },
    };
  }
  if (failure.code === 'unavailable' || failure.code === 'internal' || failure.reason?.startsWith('engine.')) {
    return { label: i18next.t('engine.log'), onPress: () => navigate('/settings/engine') };
  }
  return { label: i18next.t('engine.copyError'), onPress: () => void copyFailure(failure) };
}

export async function copyFailure(failure: Failure): Promise<void> {
  const params = Object.entries(failure.params).map(([name, value]) => `${name}: ${value}`);
  await navigator.clipboard.writeText([failure.message, failure.reason ?? failure.code, ...params].join('\n'));
  noticeDone(i18next.t('app.copied'));
}

export function noticeDone(title: string, text?: string): void {
  showNotice(() => ({ kind: 'done', title, text, closeLabel: i18next.t('app.close') }));
}

/**
 * Says what did not happen, why, and offers what helps. `remedy` replaces the usual one. It stays until it is closed: its
 * words are asked for anew when the language changes.
 */
export function noticeFailed(title: () => string, failure: Failure, remedy?: () => Remedy | undefined): void {
  showNotice(() => ({
    kind: 'failed',
    title: title(),
    text: failureText(failure),
    action: remedy?.() ?? remedyOf(failure),
    closeLabel: i18next.t('app.close'),
  }));
}
