import { useTranslation } from 'react-i18next';
import { useApp } from '../host/app-store.ts';
import { call } from '../host/bridge-client.ts';

const box = 'no-drag grid w-10 place-items-center text-fg-3 -outline-offset-2 hover:bg-fill-active hover:text-fg-1';
const drawing = 'size-2.5 fill-none stroke-current';

/** Minimise, maximise, close: Linux and Windows. macOS has its lights. */
export function WindowButtons() {
  const { t } = useTranslation();
  const platform = useApp((state) => state.info?.platform);
  const maximized = useApp((state) => state.maximized);
  if (!platform || platform === 'darwin') return <span className="w-2" />;
  return (
    <div className="ml-2 flex self-stretch">
      <button
        type="button"
        className={box}
        aria-label={t('app.minimize')}
        onClick={() => void call('window.minimize', undefined)}
      >
        <svg viewBox="0 0 10 10" className={drawing} aria-hidden="true">
          <path d="M0 5.5h10" />
        </svg>
      </button>
      <button
        type="button"
        className={box}
        aria-label={t(maximized ? 'app.restore' : 'app.maximize')}
        onClick={() => void call('window.toggleMaximize', undefined)}
      >
        <svg viewBox="0 0 10 10" className={drawing} aria-hidden="true">
          {maximized ? <path d="M.5 2.5h7v7h-7zM2.5 2.5v-2h7v7h-2" /> : <rect x=".5" y=".5" width="9" height="9" />}
        </svg>
      </button>
      <button
        type="button"
        className={`${box} w-11 hover:bg-danger-solid hover:text-on-danger`}
        aria-label={t('app.closeWindow')}
        onClick={() => void call('window.close', undefined)}
      >
        <svg viewBox="0 0 10 10" className={drawing} aria-hidden="true">
          <path d="M0 0l10 10M10 0L0 10" />
        </svg>
      </button>
    </div>
  );
}
