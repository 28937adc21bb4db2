import { Ellipsis, Globe, GripVertical, KeyRound, Pencil, Plug, Power, PowerOff, Trash2 } from 'lucide-react';
import type { DragEvent, KeyboardEvent, Ref } from 'react';
import { useTranslation } from 'react-i18next';
import type { LoginLine, MirrorSetting, RegistryRule } from '../../../../electron/bridge/registries.ts';
import { sizeText } from '../../../host/figures.ts';
import { Badge } from '../../../ui/badge.tsx';
import { Button, IconButton } from '../../../ui/button.tsx';
import { cx } from '../../../ui/class-names.ts';
import { Menu, type MenuEntry } from '../../../ui/menu.tsx';
import { StatusGlyph } from '../../../ui/status-glyph.tsx';
import { applyChange } from './apply-change.ts';
import { mirrorColumns } from './mirror-columns.ts';
import { testMirror, useRegistries } from './registries-store.ts';
import { changedRule, withMirror, withoutMirror } from './registry-rules.ts';
import type { Source } from './rule-sources.ts';
import { stateShapes } from './source-state.ts';
import { stateNames, useStateWords } from './state-words.ts';
import { TestPanel } from './test-panel.tsx';

export interface MirrorRowProps {
  rule: RegistryRule;
  source: Source;
  now: number;
  login: LoginLine | undefined;
  index: number;
  grip: Ref<HTMLButtonElement>;
  onMove: (by: number) => void;
  /** Something is dragged over it. */
  over: boolean;
  onOver: (index: number | undefined) => void;
  onDrop: (from: number) => void;
  onEdit: (mirror: MirrorSetting) => void;
  onSignIn: (host: string) => void;
  onConnection: (host: string) => void;
  onAddress: () => void;
}

/** What a row that is dragged carries: nothing of the kind that other targets take. */
const dragged = 'application/x-beluga-mirror';

export function MirrorRow(props: MirrorRowProps) {
  const { rule, source, index, over, onOver, onDrop, onMove } = props;
  const { t } = useTranslation();
  const run = useRegistries((state) => state.tests[source.url]);
  const name = nameOf(source, rule);
  const dragOver = (event: DragEvent) => {
    if (source.role !== 'mirror' || !event.dataTransfer.types.includes(dragged)) return;
    event.preventDefault();
    onOver(index);
  };
  const drop = (event: DragEvent) => {
    const from = event.dataTransfer.getData(dragged);
    onOver(undefined);
    if (from === '') return;
    event.preventDefault();
    onDrop(Number(from));
  };
  const press = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
    if (!event.altKey || by === 0 || source.role !== 'mirror') return;
    event.preventDefault();
    onMove(by);
  };
  return (
    <li
      aria-label={name}
      className={cx('border-line-1 border-b', over && 'bg-accent-subtle')}
      onDragOver={dragOver}
      onDragLeave={() => onOver(undefined)}
      onDrop={drop}
      onKeyDown={press}
    >
      <div className={`${mirrorColumns} h-11 whitespace-nowrap`}>
        {source.role === 'mirror' ? (
          <button
            ref={props.grip}
            type="button"
            draggable
            aria-label={t('mirrors.mirror.move', { name })}
            aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown"
            title={t('mirrors.mirror.moveHint')}
            onDragStart={(event) => {
              event.dataTransfer.setData(dragged, String(index));
              const row = event.currentTarget.closest('li');
              if (row) event.dataTransfer.setDragImage(row, 8, 22);
            }}
            onDragEnd={() => onOver(undefined)}
            className="grid h-6 place-items-center rounded-1 text-fg-4 hover:text-fg-1"
          >
            <GripVertical size={14} aria-hidden />
          </button>
        ) : (
          <span />
        )}
        <RowCells {...props} name={name} busy={run?.busy ?? false} tested={run !== undefined} />
      </div>
      {run && !run.busy && <TestPanel run={run} source={source} rule={rule} login={props.login} />}
    </li>
  );
}

const bare = (url: string) => url.replace(/^https:\/\//, '');

const nameOf = ({ role, mirror, host }: Source, rule: RegistryRule): string =>
  role === 'registry' ? (rule.prefix.split('/')[0] ?? rule.prefix) : (mirror?.name ?? host);

function RowCells(props: MirrorRowProps & { name: string; busy: boolean; tested: boolean }) {
  const { source, rule, now, name, busy, tested } = props;
  const { t } = useTranslation();
  const words = useStateWords(source, rule, now);
  const { health, state, role } = source;
  const address =
    role === 'registry' ? (rule.upstream === undefined ? t('mirrors.itself') : bare(rule.upstream)) : bare(source.url);
  const sad = words.tone !== 'text-fg-4';
  return (
    <>
      <StatusGlyph shape={stateShapes[state]} label={t(stateNames[state])} />
      <span className="min-w-0">
        <span className="flex items-center gap-1.5 leading-4.5">
          <span className={cx('overflow-hidden text-ellipsis', state === 'off' && 'text-fg-3')} title={name}>
            {name}
          </span>
          {role === 'fixed' && <Badge>{t('mirrors.fixed')}</Badge>}
        </span>
        <span
          className={cx('block overflow-hidden text-ellipsis text-small text-fg-4', sad && 'hidden min-[1108px]:block')}
          title={source.url}
        >
          {address}
        </span>
        {sad && (
          <span
            className={cx('block overflow-hidden text-ellipsis text-small min-[1108px]:hidden', words.tone)}
            title={words.whole}
          >
            {words.text}
          </span>
        )}
      </span>
      <span className="text-right text-small tabular-nums text-fg-2">
        {health?.latency === undefined ? '–' : t('mirrors.milliseconds', { n: Math.round(health.latency) })}
      </span>
      <span className="text-right text-small tabular-nums text-fg-2">
        {health?.speed === undefined ? '–' : t('mirrors.perSecond', { size: sizeText(health.speed) })}
      </span>
      <span
        className={cx('hidden overflow-hidden text-ellipsis text-small min-[1108px]:block', words.tone)}
        title={words.whole}
      >
        {words.text}
      </span>
      <span className="flex items-center justify-end gap-2">
        {role !== 'registry' && (
          <Button
            size="small"
            busy={busy}
            className={tested ? 'bg-fill-active' : undefined}
            aria-label={t('mirrors.test.of', { name })}
            onClick={() => void testMirror(source.url, rule.prefix)}
          >
            {t('mirrors.test.button')}
          </Button>
        )}
        <RowMenu {...props} />
      </span>
    </>
  );
}

function RowMenu({ source, rule, name, onEdit, onSignIn, onConnection, onAddress }: MirrorRowProps & { name: string }) {
  const { t } = useTranslation();
  const { mirror, host } = source;
  const connection: MenuEntry = {
    label: t('mirrors.connection.menu'),
    icon: Plug,
    onSelect: () => onConnection(host),
  };
  const signIn: MenuEntry = {
    label: t('mirrors.login.to', { name: host }),
    icon: KeyRound,
    onSelect: () => onSignIn(host),
  };
  const own: MenuEntry[] = [];
  if (mirror) {
    const put = (next: MirrorSetting) =>
      applyChange((settings) => changedRule(settings, rule.prefix, (now) => withMirror(now, next)));
    const { off, ...on } = mirror;
    own.push(
      { label: t('mirrors.mirror.changeMenu'), icon: Pencil, onSelect: () => onEdit(mirror) },
      off
        ? { label: t('mirrors.mirror.on'), icon: Power, onSelect: () => put(on) }
        : { label: t('mirrors.mirror.off'), icon: PowerOff, onSelect: () => put({ ...on, off: true }) },
    );
  }
  const remove: MenuEntry = {
    label: t('mirrors.mirror.remove'),
    icon: Trash2,
    danger: true,
    apart: true,
    onSelect: () =>
      applyChange(
        (settings) => changedRule(settings, rule.prefix, (now) => withoutMirror(now, source.url)),
        t('mirrors.removed', { name }),
      ),
  };
  const address: MenuEntry = { label: t('mirrors.address.menu'), icon: Globe, onSelect: onAddress };
  const entries =
    source.role === 'registry'
      ? [address, signIn, connection]
      : [...own, signIn, connection, ...(mirror ? [remove] : [])];
  return (
    <Menu entries={entries}>
      <IconButton small icon={Ellipsis} label={t('mirrors.mirror.more', { name })} />
    </Menu>
  );
}
