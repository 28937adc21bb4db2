import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { DropTarget } from '../features/images/drop-target.tsx';
import { useApp } from '../host/app-store.ts';
import { call } from '../host/bridge-client.ts';
import { useOnline } from '../host/engine-view.tsx';
import { request } from '../host/requests.ts';
import { navigate, useHashPath } from '../ui/hash-route.ts';
import { Notices } from '../ui/notice.tsx';
import { HeaderEndProvider } from '../ui/page-header.tsx';
import { TooltipProvider } from '../ui/tooltip.tsx';
import { useShortcuts } from '../ui/use-shortcuts.ts';
import { useLanguage } from './i18n.ts';
import { Page } from './page.tsx';
import { QuitQuestion } from './quit-question.tsx';
import { RequestedDialog } from './requested-dialog.tsx';
import { sections } from './sections.ts';
import { Sidebar } from './sidebar.tsx';
import { WindowButtons } from './window-buttons.tsx';

/** The frame: sidebar, page, and what floats above them. */
export function App() {
  const { t } = useTranslation();
  const settings = useApp((state) => state.settings);
  const info = useApp((state) => state.info);
  const path = useHashPath();
  useLanguage(settings?.language ?? 'system', info?.systemLanguage ?? navigator.language);
  useLook();
  useFrameKeys();
  return (
    <TooltipProvider>
      <HeaderEndProvider end={<WindowButtons />}>
        <div className="relative grid h-full grid-cols-[var(--sidebar-rail)_minmax(0,1fr)] overflow-hidden min-[960px]:grid-cols-[var(--sidebar)_minmax(0,1fr)]">
          <Sidebar path={path} />
          <main className="relative flex min-h-0 min-w-0 flex-col bg-surface-1">
            <Page path={path} />
            <DropTarget />
          </main>
        </div>
      </HeaderEndProvider>
      <RequestedDialog />
      <QuitQuestion />
      <Notices label={t('app.notices')} />
    </TooltipProvider>
  );
}

/** Theme and whether the window is in front, as attributes of the root: the tokens hang on them. */
function useLook() {
  const theme = useApp((state) => state.settings?.theme ?? 'system');
  const systemDark = useApp((state) => state.systemDark);
  const focused = useApp((state) => state.focused);
  useEffect(() => {
    const dark = theme === 'system' ? systemDark : theme === 'dark';
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  }, [theme, systemDark]);
  useEffect(() => {
    document.documentElement.toggleAttribute('data-inactive', !focused);
  }, [focused]);
}

function useFrameKeys() {
  const online = useOnline();
  const toSection = Object.fromEntries(
    sections.map((section, index) => [`Mod+${index + 1}`, () => navigate(`/${section.path}`)]),
  );
  useShortcuts({
    ...toSection,
    'Mod+n': online ? () => request({ kind: 'run' }) : undefined,
    'Mod+q': () => void call('app.quit', undefined),
    '?': () => request({ kind: 'keys' }),
  });
}
