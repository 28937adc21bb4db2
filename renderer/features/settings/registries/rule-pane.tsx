import { Ellipsis, Globe, LogIn, LogOut, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Registries, RegistryRule, RegistrySettings } from '../../../../electron/bridge/registries.ts';
import { Badge } from '../../../ui/badge.tsx';
import { Button, IconButton } from '../../../ui/button.tsx';
import { Menu, type MenuEntry } from '../../../ui/menu.tsx';
import { Segments } from '../../../ui/segments.tsx';
import { Switch } from '../../../ui/switch.tsx';
import { AddressDialog } from './address-dialog.tsx';
import { applyChange } from './apply-change.ts';
import { ConnectionSettings } from './connection-settings.tsx';
import { LoginDialog } from './login-dialog.tsx';
import { LoginState, signOut } from './login-state.tsx';
import { MirrorTable } from './mirror-table.tsx';
import { changedRule, domainOf, registryHostOf, withoutRule } from './registry-rules.ts';
import { sourcesOf } from './rule-sources.ts';

export interface RulePaneProps {
  registries: Registries;
  rule: RegistryRule;
}

/** What is set for one registry. */
export function RulePane({ registries, rule }: RulePaneProps) {
  const [host, setHost] = useState(registryHostOf(rule));
  const [signingIn, setSigningIn] = useState<string>();
  const [settingAddress, setSettingAddress] = useState(false);
  return (
    <section
      aria-label={rule.prefix}
      className="-mr-4 flex min-h-0 flex-col overflow-y-auto pr-4 pb-6 min-[960px]:-mr-6 min-[960px]:pr-6"
    >
      <PaneHead
        registries={registries}
        rule={rule}
        onSignIn={() => setSigningIn(registryHostOf(rule))}
        onAddress={() => setSettingAddress(true)}
      />
      <RuleSwitches rule={rule} />
      <MirrorTable
        registries={registries}
        rule={rule}
        onSignIn={setSigningIn}
        onConnection={setHost}
        onAddress={() => setSettingAddress(true)}
      />
      <ConnectionSettings registries={registries} rule={rule} host={host} onHost={setHost} />
      {signingIn && <LoginDialog host={signingIn} registries={registries} onClose={() => setSigningIn(undefined)} />}
      {settingAddress && <UpstreamDialog rule={rule} onClose={() => setSettingAddress(false)} />}
    </section>
  );
}

interface PaneHeadProps extends RulePaneProps {
  onSignIn: () => void;
  onAddress: () => void;
}

function PaneHead({ registries, rule, onSignIn, onAddress }: PaneHeadProps) {
  const { t } = useTranslation();
  const host = registryHostOf(rule);
  const own = sourcesOf(registries, rule, Date.now()).at(-1)?.state;
  const login = registries.logins.find((each) => each.host === host);
  const exists = registries.settings.rules.some(({ prefix }) => prefix === rule.prefix);
  const remove = () =>
    applyChange((settings) => withoutRule(settings, rule.prefix), t('mirrors.removed', { name: rule.prefix }));
  const entries: MenuEntry[] = [
    { label: t('mirrors.address.menu'), icon: Globe, onSelect: onAddress },
    login?.from === 'beluga'
      ? { label: t('mirrors.login.out'), icon: LogOut, onSelect: () => void signOut(host) }
      : { label: t('mirrors.login.in'), icon: LogIn, onSelect: onSignIn },
    { label: t('mirrors.remove'), icon: Trash2, danger: true, apart: true, disabled: !exists, onSelect: remove },
  ];
  return (
    <>
      <div className="flex h-10 flex-none items-center gap-2">
        <h2 className="overflow-hidden text-ellipsis whitespace-nowrap text-title font-semibold" title={rule.prefix}>
          {rule.prefix}
        </h2>
        {own === 'fine' && <Badge tone="running">{t('mirrors.reachable')}</Badge>}
        {(own === 'sick' || own === 'failing') && <Badge tone="warning">{t('mirrors.unreachable')}</Badge>}
        <span className="flex-1" />
        <LoginState login={login} />
        {login?.from === 'beluga' ? (
          <Button size="small" onClick={() => void signOut(host)}>
            {t('mirrors.login.out')}
          </Button>
        ) : (
          <Button size="small" onClick={onSignIn}>
            {t('mirrors.login.in')}
          </Button>
        )}
        <Menu entries={entries}>
          <IconButton small icon={Ellipsis} label={t('app.more')} />
        </Menu>
      </div>
      {registries.unreadable.includes(host) && (
        <p role="status" className="mb-1 text-small text-warning-text">
          {t('mirrors.login.unreadable')}
        </p>
      )}
    </>
  );
}

/** Order, and whether the registry itself is asked. */
function RuleSwitches({ rule }: { rule: RegistryRule }) {
  const { t } = useTranslation();
  const change = (news: Partial<RegistryRule>) =>
    applyChange((settings) => changedRule(settings, rule.prefix, (now) => ({ ...now, ...news })));
  return (
    <>
      <div className="flex min-h-11 flex-none flex-wrap items-center gap-x-3 border-line-1 border-b py-1.5">
        <div>{t('mirrors.order.title')}</div>
        <span className="flex-1" />
        <Segments
          label={t('mirrors.order.title')}
          value={rule.order}
          onChange={(order) => change({ order })}
          options={[
            { value: 'auto', text: t('mirrors.order.auto') },
            { value: 'fixed', text: t('mirrors.order.fixed') },
          ]}
        />
      </div>
      <div className="flex min-h-11 flex-none items-center gap-3 py-1.5">
        <div className="min-w-0">
          <div>{t('mirrors.mirrorOnly.title')}</div>
          <div className="text-small text-fg-4">{t('mirrors.mirrorOnly.text', { name: domainOf(rule.prefix) })}</div>
        </div>
        <span className="flex-1" />
        <Switch
          on={rule.mirrorOnly}
          label={t('mirrors.mirrorOnly.title')}
          onChange={(mirrorOnly) => change({ mirrorOnly })}
        />
      </div>
    </>
  );
}

/** What stands for the registry itself; empty: the registry that the prefix names. */
function UpstreamDialog({ rule, onClose }: { rule: RegistryRule; onClose: () => void }) {
  const { t } = useTranslation();
  const put = (url: string) => (settings: RegistrySettings) =>
    changedRule(settings, rule.prefix, ({ upstream: _, ...now }) => (url === '' ? now : { ...now, upstream: url }));
  return (
    <AddressDialog
      title={t('mirrors.address.title', { name: domainOf(rule.prefix) })}
      text={t('mirrors.address.text', { name: domainOf(rule.prefix) })}
      action={t('mirrors.address.set')}
      start={{ url: rule.upstream ?? '' }}
      placeholder={`https://${domainOf(rule.prefix)}`}
      mayBeEmpty
      change={({ url }) => put(url)}
      onClose={onClose}
    />
  );
}
