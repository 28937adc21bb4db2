import i18next from 'i18next';
import type { RegistrySettings } from '../../../../electron/bridge/registries.ts';
import { noticeDone, noticeFailed } from '../../../host/notices.ts';
import { changeRegistries } from './registries-store.ts';

/** Changes the settings at once; a refusal is told, and what was set before stays. */
export function applyChange(change: (settings: RegistrySettings) => RegistrySettings, done?: string): void {
  void changeRegistries(change).then((failure) => {
    if (failure) noticeFailed(() => i18next.t('mirrors.notApplied'), failure);
    else if (done !== undefined) noticeDone(done);
  });
}
