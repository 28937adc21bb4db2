import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Registries } from '../../../../electron/bridge/registries.ts';
import { useApp } from '../../../host/app-store.ts';
import { EngineBanner, EngineInsteadOfList, useOnline } from '../../../host/engine-view.tsx';
import { failureText } from '../../../host/failure-text.ts';
import { copyFailure } from '../../../host/notices.ts';
import { Button } from '../../../ui/button.tsx';
import { LoadingBars, PageMessage } from '../../../ui/page-states.tsx';
import { usePageShown } from '../../../ui/use-page-shown.ts';
import { readRegistries, useRegistries } from './registries-store.ts';
import { shownRules } from './registry-rules.ts';
import { RuleList } from './rule-list.tsx';
import { RulePane } from './rule-pane.tsx';

/** Whom images come from: registries, their mirrors, certificates, proxies and logins. */
export function RegistriesSettings() {
  const { t } = useTranslation();
  const { registries, without, failure } = useRegistries();
  const online = useOnline();
  useFresh(online);
  if (!online && !registries) return <EngineInsteadOfList />;
  if (without) return <PageMessage title={t('mirrors.without.title')} text={t('mirrors.without.text')} />;
  if (!registries && failure) {
    return (
      <PageMessage
        failed
        title={t('mirrors.notRead')}
        text={failureText(failure)}
        actions={<Button onClick={() => void readRegistries()}>{t('app.tryAgain')}</Button>}
        below={
          <button type="button" className="text-link hover:underline" onClick={() => void copyFailure(failure)}>
            {t('engine.copyError')}
          </button>
        }
      />
    );
  }
  if (!registries) return <LoadingBars label={t('app.loading')} />;
  return (
    <>
      <div className="-mx-4">
        <EngineBanner shows="page" />
      </div>
      <Content registries={registries} />
    </>
  );
}

/** Read when the page is shown, when its window comes to the front, and with each engine: nothing is polled. */
function useFresh(online: boolean) {
  const focused = useApp((state) => state.focused);
  const shown = usePageShown();
  const wanted = online && focused && shown;
  useEffect(() => {
    if (online) void readRegistries();
  }, [online]);
  useEffect(() => {
    if (wanted) void readRegistries();
  }, [wanted]);
}

function Content({ registries }: { registries: Registries }) {
  const prefix = useRegistries((state) => state.prefix);
  const rules = shownRules(registries.settings);
  const rule = rules.find((each) => each.prefix === prefix) ?? rules[0];
  return (
    <div className="grid min-h-0 flex-1 grid-cols-[136px_minmax(0,1fr)] gap-x-4 min-[1108px]:grid-cols-[184px_minmax(0,1fr)] min-[1108px]:gap-x-6">
      <RuleList registries={registries} current={rule?.prefix} />
      {rule && <RulePane key={rule.prefix} registries={registries} rule={rule} />}
    </div>
  );
}
