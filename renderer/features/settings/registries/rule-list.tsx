import { FileInput, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Registries, RegistryRule } from '../../../../electron/bridge/registries.ts';
import { Button, IconButton } from '../../../ui/button.tsx';
import { cx } from '../../../ui/class-names.ts';
import { StatusGlyph } from '../../../ui/status-glyph.tsx';
import { AddRegistryDialog } from './add-registry-dialog.tsx';
import { ImportDialog } from './import-dialog.tsx';
import { useRegistries } from './registries-store.ts';
import { dockerHub, hostSettings, registryHostOf, shownRules } from './registry-rules.ts';
import { sourcesOf } from './rule-sources.ts';

/** The registries, each with what is set for it in a few words. */
export function RuleList({ registries, current }: { registries: Registries; current: string | undefined }) {
  const { t } = useTranslation();
  const [adding, setAdding] = useState(false);
  const [importing, setImporting] = useState(false);
  return (
    <div className="-mx-2 flex min-h-0 flex-col overflow-y-auto px-2 pb-4">
      <div className="flex h-10 flex-none items-center">
        <h2 className="font-semibold">{t('mirrors.list')}</h2>
        <span className="flex-1" />
        <IconButton small icon={Plus} label={t('mirrors.add.title')} onClick={() => setAdding(true)} />
      </div>
      <ul aria-label={t('mirrors.list')} className="-mx-2 flex-none">
        {shownRules(registries.settings).map((rule) => (
          <li key={rule.prefix}>
            <RuleItem registries={registries} rule={rule} on={rule.prefix === current} />
          </li>
        ))}
      </ul>
      <div className="mt-4 -ml-2 flex flex-none flex-col items-start">
        <Button kind="quiet" size="small" icon={FileInput} onClick={() => setImporting(true)}>
          <span className="min-[1108px]:hidden">{t('mirrors.import.short')}</span>
          <span className="hidden min-[1108px]:inline">{t('mirrors.import.title')}</span>
        </Button>
        <div className="px-2 py-0.5 text-small text-fg-4">{t('mirrors.import.files')}</div>
      </div>
      <HelperProblems registries={registries} />
      {adding && <AddRegistryDialog settings={registries.settings} onClose={() => setAdding(false)} />}
      {importing && <ImportDialog registry={current ?? dockerHub} onClose={() => setImporting(false)} />}
    </div>
  );
}

interface RuleItemProps {
  registries: Registries;
  rule: RegistryRule;
  on: boolean;
}

function RuleItem({ registries, rule, on }: RuleItemProps) {
  const { t } = useTranslation();
  const words = useRuleWords(registries, rule);
  const sources = sourcesOf(registries, rule, Date.now());
  const asked = sources.filter(({ state, role }) => state !== 'off' && !(role === 'registry' && rule.mirrorOnly));
  const trouble = asked.length > 0 && asked.every(({ state }) => state === 'sick' || state === 'failing');
  return (
    <button
      type="button"
      aria-current={on ? 'true' : undefined}
      onClick={() => useRegistries.setState({ prefix: rule.prefix })}
      className={cx('block w-full rounded-2 px-2 py-1.5 text-left', on ? 'bg-fill-selected' : 'hover:bg-fill-hover')}
    >
      <span className="flex items-center gap-2">
        <span
          className={cx('overflow-hidden text-ellipsis whitespace-nowrap', on && 'font-medium')}
          title={rule.prefix}
        >
          {rule.prefix}
        </span>
        <span className="flex-1" />
        {trouble && <StatusGlyph shape="triangle" label={t('mirrors.trouble')} />}
      </span>
      <span className="block text-small text-fg-4">{words}</span>
    </button>
  );
}

/** `4 mirrors, automatic`, `Direct`, `Signed in, own CA`. */
function useRuleWords({ settings, fixed, logins }: Registries, rule: RegistryRule): string {
  const { t } = useTranslation();
  const host = registryHostOf(rule);
  const count = rule.mirrors.length + (rule.prefix === dockerHub ? fixed.mirrors.length : 0);
  const words: string[] = [];
  if (count > 0 && rule.mirrorOnly) words.push(t('mirrors.words.mirrorsOnly', { count }));
  else if (count > 0) words.push(t('mirrors.words.mirrors', { count }));
  if (count > 1 && rule.order === 'auto') words.push(t('mirrors.words.auto'));
  if (logins.some((login) => login.host === host)) words.push(t('mirrors.words.signedIn'));
  if (hostSettings(settings, host).ca !== undefined) words.push(t('mirrors.words.ownCa'));
  if (count === 0 && rule.upstream !== undefined) words.unshift(host);
  if (words.length === 0) return t('mirrors.words.direct');
  return words.join(t('mirrors.words.comma'));
}

const problemKeys = {
  missing: 'mirrors.helper.missing',
  failed: 'mirrors.helper.failed',
  late: 'mirrors.helper.late',
} as const;

function HelperProblems({ registries }: { registries: Registries }) {
  const { t } = useTranslation();
  return registries.helperProblems.map(({ helper, kind }) => (
    <p key={helper} className="mt-3 text-small text-warning-text [overflow-wrap:anywhere]">
      {t(problemKeys[kind], { program: `docker-credential-${helper}` })}
    </p>
  ));
}
