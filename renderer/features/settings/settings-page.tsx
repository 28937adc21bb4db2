import { Cpu, Server, SlidersHorizontal } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { cx } from '../../ui/class-names.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import { EngineSettings } from './engine-settings.tsx';
import { GeneralSettings } from './general-settings.tsx';
import { RegistriesSettings } from './registries/registries-settings.tsx';

const parts = [
  {
    name: 'general',
    title: 'settings.general',
    narrow: 'settings.general',
    icon: SlidersHorizontal,
    page: GeneralSettings,
  },
  { name: 'engine', title: 'settings.engine', narrow: 'settings.engine', icon: Cpu, page: EngineSettings },
  {
    name: 'registries',
    title: 'settings.registries',
    narrow: 'settings.registriesNarrow',
    icon: Server,
    page: RegistriesSettings,
  },
] as const;

/** Settings by part: `#/settings/engine`. */
export function SettingsPage({ part }: { part: string | undefined }) {
  const { t } = useTranslation();
  const current = parts.find((each) => each.name === part) ?? parts[0];
  const Page = current.page;
  return (
    <>
      <PageHeader title={t('app.settings')} />
      <div className="grid min-h-0 flex-1 grid-cols-[152px_minmax(0,1fr)] min-[960px]:grid-cols-[204px_minmax(0,1fr)]">
        <nav aria-label={t('settings.parts')} className="flex flex-col gap-px border-line-1 border-r px-2 py-1">
          {parts.map((each) => (
            <a
              key={each.name}
              href={`#/settings/${each.name}`}
              aria-current={each === current ? 'page' : undefined}
              className={cx(
                'flex h-7 items-center gap-2 rounded-2 px-2',
                each === current ? 'bg-fill-selected font-medium' : 'text-fg-2 hover:bg-fill-hover',
              )}
            >
              <each.icon size={16} className={each === current ? undefined : 'text-fg-3'} aria-hidden />
              <span className="whitespace-nowrap min-[960px]:hidden">{t(each.narrow)}</span>
              <span className="hidden whitespace-nowrap min-[960px]:inline">{t(each.title)}</span>
            </a>
          ))}
        </nav>
        <div className="flex min-h-0 min-w-0 flex-col px-4 min-[960px]:px-6">
          <Page />
        </div>
      </div>
    </>
  );
}
