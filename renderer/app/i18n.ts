import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import enApp from '../../assets/locales/en/app.json';
import enBuilds from '../../assets/locales/en/builds.json';
import enContainers from '../../assets/locales/en/containers.json';
import enEngine from '../../assets/locales/en/engine.json';
import enErrors from '../../assets/locales/en/errors.json';
import enImage from '../../assets/locales/en/image.json';
import enImages from '../../assets/locales/en/images.json';
import enInspect from '../../assets/locales/en/inspect.json';
import enKeys from '../../assets/locales/en/keys.json';
import enLogs from '../../assets/locales/en/logs.json';
import enMirrors from '../../assets/locales/en/mirrors.json';
import enPorts from '../../assets/locales/en/ports.json';
import enPull from '../../assets/locales/en/pull.json';
import enRun from '../../assets/locales/en/run.json';
import enSettings from '../../assets/locales/en/settings.json';
import enStats from '../../assets/locales/en/stats.json';
import enTerminals from '../../assets/locales/en/terminals.json';
import enTime from '../../assets/locales/en/time.json';
import enTransfers from '../../assets/locales/en/transfers.json';
import zhApp from '../../assets/locales/zh-CN/app.json';
import zhBuilds from '../../assets/locales/zh-CN/builds.json';
import zhContainers from '../../assets/locales/zh-CN/containers.json';
import zhEngine from '../../assets/locales/zh-CN/engine.json';
import zhErrors from '../../assets/locales/zh-CN/errors.json';
import zhImage from '../../assets/locales/zh-CN/image.json';
import zhImages from '../../assets/locales/zh-CN/images.json';
import zhInspect from '../../assets/locales/zh-CN/inspect.json';
import zhKeys from '../../assets/locales/zh-CN/keys.json';
import zhLogs from '../../assets/locales/zh-CN/logs.json';
import zhMirrors from '../../assets/locales/zh-CN/mirrors.json';
import zhPorts from '../../assets/locales/zh-CN/ports.json';
import zhPull from '../../assets/locales/zh-CN/pull.json';
import zhRun from '../../assets/locales/zh-CN/run.json';
import zhSettings from '../../assets/locales/zh-CN/settings.json';
import zhStats from '../../assets/locales/zh-CN/stats.json';
import zhTerminals from '../../assets/locales/zh-CN/terminals.json';
import zhTime from '../../assets/locales/zh-CN/time.json';
import zhTransfers from '../../assets/locales/zh-CN/transfers.json';
import type { Settings } from '../../electron/bridge/app.ts';

/** One file for each concern: `t('run.title')` is `title` in `run.json`. */
const en = {
  app: enApp,
  builds: enBuilds,
  containers: enContainers,
  engine: enEngine,
  image: enImage,
  images: enImages,
  inspect: enInspect,
  keys: enKeys,
  logs: enLogs,
  ports: enPorts,
  mirrors: enMirrors,
  pull: enPull,
  run: enRun,
  settings: enSettings,
  stats: enStats,
  terminals: enTerminals,
  time: enTime,
  transfers: enTransfers,
};
const zh = {
  app: zhApp,
  builds: zhBuilds,
  containers: zhContainers,
  engine: zhEngine,
  image: zhImage,
  images: zhImages,
  inspect: zhInspect,
  keys: zhKeys,
  logs: zhLogs,
  ports: zhPorts,
  mirrors: zhMirrors,
  pull: zhPull,
  run: zhRun,
  settings: zhSettings,
  stats: zhStats,
  terminals: zhTerminals,
  time: zhTime,
  transfers: zhTransfers,
};

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

void i18next.use(initReactI18next).init({
  lng: navigator.language.startsWith('zh') ? 'zh-CN' : 'en',
  fallbackLng: 'en',
  resources: {
    en: { translation: en, errors: enErrors },
    'zh-CN': { translation: zh, errors: zhErrors },
  },
  // React escapes.
  interpolation: { escapeValue: false },
});

/** Sets the language; `system` follows the system's first language, Chinese of any kind in simplified characters. */
export function useLanguage(wanted: Settings['language'], systemLanguage: string): void {
  const system = systemLanguage.startsWith('zh') ? 'zh-CN' : 'en';
  const language = wanted === 'system' ? system : wanted;
  if (i18next.language !== language) void i18next.changeLanguage(language);
  document.documentElement.lang = language;
}
