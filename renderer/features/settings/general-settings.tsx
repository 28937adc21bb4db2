import { useTranslation } from 'react-i18next';
import { changeSettings, useApp } from '../../host/app-store.ts';
import { call } from '../../host/bridge-client.ts';
import { Button } from '../../ui/button.tsx';
import { Select } from '../../ui/select.tsx';
import { SettingRow } from './setting-row.tsx';

/** Language, theme, what quitting does, and what this app is. */
export function GeneralSettings() {
  const { t } = useTranslation();
  const settings = useApp((state) => state.settings);
  if (!settings) return null;
  return (
    <>
      <h2 className="flex h-10 flex-none items-center text-title font-semibold">{t('settings.general')}</h2>
      <div>
        <SettingRow title={t('settings.language')}>
          <Select
            label={t('settings.language')}
            value={settings.language}
            onChange={(language) => void changeSettings({ language })}
            options={[
              { value: 'system', text: t('settings.system') },
              { value: 'en', text: t('settings.english'), lang: 'en' },
              { value: 'zh-CN', text: t('settings.chinese'), lang: 'zh-CN' },
            ]}
          />
        </SettingRow>
        <SettingRow title={t('settings.theme')}>
          <Select
            label={t('settings.theme')}
            value={settings.theme}
            onChange={(theme) => void changeSettings({ theme })}
            options={[
              { value: 'system', text: t('settings.system') },
              { value: 'light', text: t('settings.light') },
              { value: 'dark', text: t('settings.dark') },
            ]}
          />
        </SettingRow>
        <SettingRow title={t('settings.onQuit')} text={t('settings.onQuitText')}>
          <Select
            label={t('settings.onQuit')}
            value={settings.onQuit}
            onChange={(onQuit) => void changeSettings({ onQuit })}
            options={[
              { value: 'ask', text: t('settings.quitAsk') },
              { value: 'keep', text: t('settings.quitKeep') },
              { value: 'stop', text: t('settings.quitStop') },
            ]}
          />
          <Button onClick={() => void call('app.quit', undefined)}>{t('settings.quit')}</Button>
        </SettingRow>
      </div>
      <About />
    </>
  );
}

function About() {
  const { t } = useTranslation();
  const info = useApp((state) => state.info);
  if (!info) return null;
  return (
    <>
      <h3 className="mt-4 mb-1 font-semibold">{t('settings.about')}</h3>
      <p className="selectable text-small text-fg-3">
        {t('settings.versions', { version: info.version, electron: info.electron, chrome: info.chrome })}
      </p>
      {info.developmentRuntime && <p className="mt-1 text-small text-warning-text">{t('settings.oldRuntime')}</p>}
      {info.rootWithoutSandbox && <p className="mt-1 text-small text-warning-text">{t('settings.noSandbox')}</p>}
    </>
  );
}
