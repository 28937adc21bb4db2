import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChosenFile, HostSettings, Registries, RegistryRule } from '../../../../electron/bridge/registries.ts';
import { call } from '../../../host/bridge-client.ts';
import { noticeFailed } from '../../../host/notices.ts';
import { Button } from '../../../ui/button.tsx';
import { Select } from '../../../ui/select.tsx';
import { Switch } from '../../../ui/switch.tsx';
import { TextInput } from '../../../ui/text-field.tsx';
import { useRested } from './address-dialog.tsx';
import { applyChange } from './apply-change.ts';
import {
  dockerHub,
  hostSettings,
  hostsOf,
  isInsecure,
  proxyProblem,
  withHost,
  withInsecure,
} from './registry-rules.ts';

export interface ConnectionSettingsProps {
  registries: Registries;
  rule: RegistryRule;
  /** Of the rule's hosts, the one whose settings are shown. */
  host: string;
  onHost: (host: string) => void;
}

const row = 'flex min-h-9 flex-none flex-wrap items-center gap-x-2 gap-y-1 border-line-1 border-b py-1 last:border-0';

/** Certificates, plain HTTP and proxy, of the registry itself or of one of its mirrors. */
export function ConnectionSettings({ registries, rule, host: wanted, onHost }: ConnectionSettingsProps) {
  const { t } = useTranslation();
  const { settings, fixed } = registries;
  const hosts = hostsOf(rule, rule.prefix === dockerHub ? fixed.mirrors : []);
  const host = hosts.includes(wanted) ? wanted : (hosts[0] ?? wanted);
  const set = hostSettings(settings, host);
  const change = (news: HostSettings) => applyChange((now) => withHost(now, host, news));
  const fixedInsecure = isInsecure(fixed.insecure, host);
  return (
    <section aria-label={t('mirrors.connection.title')}>
      <div className="mt-2 flex min-h-9 items-center gap-2">
        <h3 className="font-semibold">{t('mirrors.connection.title')}</h3>
        {hosts.length > 1 ? (
          <Select
            label={t('mirrors.connection.host')}
            value={host}
            onChange={onHost}
            options={hosts.map((value) => ({ value, text: value }))}
          />
        ) : (
          <span className="text-small text-fg-4">{host}</span>
        )}
      </div>
      <Certificates key={`ca ${host}`} ca={set.ca} change={change} />
      <div className={row}>
        <span>
          {t('mirrors.connection.insecure')}
          {fixedInsecure && <span className="block text-small text-fg-4">{t('mirrors.connection.fixed')}</span>}
        </span>
        <span className="flex-1" />
        <Switch
          on={fixedInsecure || isInsecure(settings.insecure, host)}
          disabled={fixedInsecure}
          label={t('mirrors.connection.insecure')}
          onChange={(insecure) => applyChange((now) => withInsecure(now, host, insecure))}
        />
      </div>
      <ProxyRow key={`proxy ${host}`} proxy={set.proxy} change={change} />
    </section>
  );
}

const fileProblems = {
  'too-large': 'mirrors.file.tooLarge',
  unreadable: 'mirrors.file.unreadable',
  'no-certificate': 'mirrors.file.noCertificate',
} as const;

/** The words of a file that was chosen and not taken. */
export function useFileProblem() {
  const { t } = useTranslation();
  return (chosen: ChosenFile) =>
    'problem' in chosen ? t(fileProblems[chosen.problem], { name: chosen.name }) : undefined;
}

function Certificates({ ca, change }: { ca: string | undefined; change: (news: HostSettings) => void }) {
  const { t } = useTranslation();
  const problemOf = useFileProblem();
  const [problem, setProblem] = useState<string>();
  const count = ca?.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0;
  const choose = async () => {
    const outcome = await call('registries.chooseFile', { what: 'certificates' });
    if (!outcome.ok) return noticeFailed(() => t('mirrors.notApplied'), outcome.failure);
    setProblem(problemOf(outcome.value));
    if ('text' in outcome.value) change({ ca: outcome.value.text });
  };
  return (
    <div className={row}>
      <span>{t('mirrors.connection.ca')}</span>
      <span className="flex-1" />
      <span className="text-fg-3">
        {count === 0 ? t('mirrors.connection.system') : t('mirrors.connection.certificates', { count })}
      </span>
      {count > 0 && (
        <Button size="small" kind="quiet" onClick={() => change({ ca: undefined })}>
          {t('mirrors.connection.removeCa')}
        </Button>
      )}
      <Button size="small" onClick={() => void choose()}>
        {t(count > 0 ? 'mirrors.connection.replaceCa' : 'mirrors.connection.addCa')}
      </Button>
      {problem && (
        <p role="alert" className="w-full text-small text-error-text">
          {problem}
        </p>
      )}
    </div>
  );
}

interface ProxyProps {
  proxy: HostSettings['proxy'];
  change: (news: HostSettings) => void;
}

const proxyExample = 'http://proxy.example:3128';

function ProxyRow({ proxy, change }: ProxyProps) {
  const { t } = useTranslation();
  const id = useId();
  const [address, setAddress] = useState(typeof proxy === 'object' ? proxy.url : undefined);
  const rested = useRested(address ?? '');
  const kind = address !== undefined ? 'own' : proxy === 'none' ? 'none' : 'system';
  const bad = address !== undefined && address !== '' && rested && proxyProblem(address);
  const choose = (next: 'system' | 'none' | 'own') => {
    setAddress(next === 'own' ? '' : undefined);
    if (next !== 'own') change({ proxy: next === 'none' ? 'none' : undefined });
  };
  const apply = () => {
    const url = address?.trim() ?? '';
    if (url !== '' && !proxyProblem(url) && !(typeof proxy === 'object' && proxy.url === url))
      change({ proxy: { url } });
  };
  return (
    <div className={row}>
      <span>{t('mirrors.proxy.title')}</span>
      <span className="flex-1" />
      {address !== undefined && (
        <TextInput
          mono
          className="w-58"
          aria-label={t('mirrors.proxy.address')}
          aria-describedby={bad ? id : undefined}
          placeholder={proxyExample}
          value={address}
          bad={Boolean(bad)}
          onChange={setAddress}
          onBlur={apply}
          onKeyDown={(event) => event.key === 'Enter' && apply()}
        />
      )}
      <Select
        label={t('mirrors.proxy.title')}
        value={kind}
        onChange={choose}
        options={[
          { value: 'system', text: t('mirrors.proxy.system') },
          { value: 'none', text: t('mirrors.proxy.none') },
          { value: 'own', text: t('mirrors.proxy.own') },
        ]}
      />
      {bad && (
        <p id={id} role="alert" className="w-full text-small text-error-text">
          {t('mirrors.proxy.bad')}
        </p>
      )}
    </div>
  );
}
