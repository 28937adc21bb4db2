import { Plus } from 'lucide-react';
import { useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MirrorSetting, Registries, RegistryRule } from '../../../../electron/bridge/registries.ts';
import { Button } from '../../../ui/button.tsx';
import { useNow } from '../../../ui/use-now.ts';
import { AddressDialog } from './address-dialog.tsx';
import { applyChange } from './apply-change.ts';
import { ImportDialog } from './import-dialog.tsx';
import { mirrorColumns } from './mirror-columns.ts';
import { MirrorRow } from './mirror-row.tsx';
import { PresetMenu } from './preset-menu.tsx';
import type { Preset } from './presets.ts';
import { changedRule, domainOf, endpointOf, movedMirror, withMirror } from './registry-rules.ts';
import { sourcesOf } from './rule-sources.ts';

export interface MirrorTableProps {
  registries: Registries;
  rule: RegistryRule;
  onSignIn: (host: string) => void;
  /** Shows what is set for this host. */
  onConnection: (host: string) => void;
  onAddress: () => void;
}

/** Who is asked, in order; sortable by dragging and by Alt and an arrow. */
export function MirrorTable(props: MirrorTableProps) {
  const { registries, rule, onSignIn, onConnection, onAddress } = props;
  const { t } = useTranslation();
  const now = useNow(10_000);
  const [editing, setEditing] = useState<MirrorSetting>();
  const [over, setOver] = useState<number>();
  const order = useOrder(rule);
  const sources = sourcesOf(registries, rule, now);
  return (
    <>
      <div
        className={`${mirrorColumns} h-6 flex-none border-line-1 border-b text-caption list-head text-fg-4`}
        aria-hidden="true"
      >
        <span className="col-start-3">{t('mirrors.column.source')}</span>
        <span className="text-right">{t('mirrors.column.latency')}</span>
        <span className="text-right">{t('mirrors.column.speed')}</span>
        <span className="hidden min-[1108px]:block">{t('mirrors.column.pulls')}</span>
      </div>
      <ol aria-label={t('mirrors.sources', { name: rule.prefix })} className="flex-none">
        {sources.map((source, index) => (
          <MirrorRow
            key={`${source.role} ${source.url}`}
            rule={rule}
            source={source}
            now={now}
            login={registries.logins.find(({ host }) => host === source.host)}
            grip={order.gripOf(source.url)}
            onMove={(by) => order.move(index, index + by)}
            over={over === index && source.role === 'mirror'}
            onOver={setOver}
            onDrop={(from) => order.move(from, index)}
            index={index}
            onEdit={setEditing}
            onSignIn={onSignIn}
            onConnection={onConnection}
            onAddress={onAddress}
          />
        ))}
      </ol>
      <p role="status" className="sr-only">
        {order.said}
      </p>
      <AddLine rule={rule} />
      {editing && <MirrorDialog rule={rule} mirror={editing} onClose={() => setEditing(undefined)} />}
    </>
  );
}

/** Moving mirrors: the focus stays with the one that moves, and where it is now is said. */
function useOrder(rule: RegistryRule) {
  const { t } = useTranslation();
  const grips = useRef(new Map<string, HTMLButtonElement>());
  const follow = useRef<string>(undefined);
  const [said, setSaid] = useState('');
  useLayoutEffect(() => {
    if (follow.current !== undefined) grips.current.get(follow.current)?.focus();
    follow.current = undefined;
  }, [rule]);
  return {
    said,
    gripOf: (url: string) => (grip: HTMLButtonElement | null) => {
      if (grip) grips.current.set(url, grip);
      else grips.current.delete(url);
    },
    move: (from: number, to: number) => {
      const moving = rule.mirrors[from];
      if (!moving || movedMirror(rule, from, to) === rule) return;
      if (document.activeElement === grips.current.get(moving.url)) follow.current = moving.url;
      const name = moving.name ?? moving.url;
      setSaid(t('mirrors.moved', { name, place: to + 1, count: rule.mirrors.length }));
      applyChange((settings) => changedRule(settings, rule.prefix, (latest) => movedMirror(latest, from, to)));
    },
  };
}

/** Below the table: a mirror of one's own, a preset, or another program's configuration. */
function AddLine({ rule }: { rule: RegistryRule }) {
  const { t } = useTranslation();
  const [adding, setAdding] = useState<Preset | 'own'>();
  const [importing, setImporting] = useState(false);
  const take = (preset: Preset, url: string) => {
    if (preset.own) setAdding(preset);
    else {
      const mirror = { url, name: preset.name };
      applyChange((settings) => changedRule(settings, rule.prefix, (now) => withMirror(now, mirror)));
    }
  };
  const preset = adding === 'own' ? undefined : adding;
  return (
    <div className="-ml-2 flex min-h-11 flex-none items-center gap-2">
      <Button kind="quiet" size="small" icon={Plus} onClick={() => setAdding('own')}>
        {t('mirrors.mirror.add')}
      </Button>
      <PresetMenu
        domain={domainOf(rule.prefix)}
        present={rule.mirrors.flatMap(({ url }) => endpointOf(url) ?? [])}
        onChoose={take}
        onImport={() => setImporting(true)}
      />
      <span className="flex-1" />
      <span className="hidden text-small text-fg-4 min-[1108px]:inline">{t('mirrors.atOnce')}</span>
      {adding && <MirrorDialog rule={rule} preset={preset} onClose={() => setAdding(undefined)} />}
      {importing && <ImportDialog registry={domainOf(rule.prefix)} onClose={() => setImporting(false)} />}
    </div>
  );
}

interface MirrorDialogProps {
  rule: RegistryRule;
  /** The one to change; else a new one. */
  mirror?: MirrorSetting | undefined;
  preset?: Preset | undefined;
  onClose: () => void;
}

function MirrorDialog({ rule, mirror, preset, onClose }: MirrorDialogProps) {
  const { t } = useTranslation();
  const others = rule.mirrors.filter((each) => each !== mirror).map(({ url }) => url);
  return (
    <AddressDialog
      title={mirror ? t('mirrors.mirror.change') : t('mirrors.mirror.addTo', { name: rule.prefix })}
      text={preset?.note}
      action={mirror ? t('mirrors.mirror.save') : t('mirrors.mirror.add')}
      start={{ url: mirror?.url ?? '', name: mirror?.name ?? preset?.name ?? '' }}
      placeholder={preset?.mirrors[domainOf(rule.prefix)] ?? 'https://mirror.example:5000/project'}
      others={others}
      change={({ url, name }) =>
        (settings) =>
          changedRule(settings, rule.prefix, (now) => {
            const { name: _, ...before } = mirror ?? {};
            return withMirror(now, { ...before, url, ...(name && { name }) }, mirror?.url);
          })
        }
      onClose={onClose}
    />
  );
}
