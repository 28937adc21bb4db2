import { ChevronDown, ListPlus } from 'lucide-react';
import { DropdownMenu as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Badge } from '../../../ui/badge.tsx';
import { Button } from '../../../ui/button.tsx';
import { type Preset, type PresetState, presetsFor } from './presets.ts';
import { endpointOf } from './registry-rules.ts';

const stateNames = {
  account: 'mirrors.preset.account',
  inside: 'mirrors.preset.inside',
  restricted: 'mirrors.preset.restricted',
  closed: 'mirrors.preset.closed',
} as const satisfies Record<Exclude<PresetState, 'open'>, string>;

export interface PresetMenuProps {
  domain: string;
  /** Endpoints that are mirrors already. */
  present: readonly string[];
  onChoose: (preset: Preset, url: string) => void;
  onImport: () => void;
}

/** Well-known mirrors to pick from, each with its state and the day it was looked up; closed and restricted ones last. */
export function PresetMenu({ domain, present, onChoose, onImport }: PresetMenuProps) {
  const { t, i18n } = useTranslation();
  const all = presetsFor(domain, i18n.language);
  const cache = all.filter(({ id }) => id === 'cache');
  const named = all.filter(({ id }) => id !== 'cache');
  const offered = named.filter(({ state }) => state !== 'restricted' && state !== 'closed');
  const behind = named.filter(({ state }) => state === 'restricted' || state === 'closed');
  const lines = (presets: readonly Preset[]) =>
    presets.map((preset) => <PresetLine key={preset.id} {...{ preset, domain, present, onChoose }} />);
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>
        <Button kind="quiet" size="small" icon={ListPlus} className="data-[state=open]:bg-fill-active">
          {t('mirrors.preset.button')}
          <ChevronDown size={14} aria-hidden />
        </Button>
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align="start"
          sideOffset={4}
          collisionPadding={8}
          className="enter-pop z-(--z-popover) flex max-h-(--radix-dropdown-menu-content-available-height) w-100 flex-col rounded-3 bg-surface-2 p-1 shadow-popover"
        >
          {/* what scrolls must be reachable by the keyboard */}
          <Radix.Group
            tabIndex={0}
            aria-label={t('mirrors.preset.heading', { name: domain })}
            className="min-h-0 overflow-y-auto outline-none"
          >
            {offered.length > 0 && (
              <Heading
                text={t('mirrors.preset.heading', { name: domain })}
                end={t('mirrors.preset.nothingContacted')}
              />
            )}
            {lines(offered)}
            {behind.length > 0 && <Heading text={t('mirrors.preset.behind')} />}
            {lines(behind)}
            {named.length > 0 && <Radix.Separator className="my-1 h-px bg-line-1" />}
            {lines(cache)}
            <Line onSelect={onImport} title={t('mirrors.preset.import')} note={t('mirrors.preset.importText')} />
          </Radix.Group>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Heading({ text, end }: { text: string; end?: string }) {
  return (
    <Radix.Label className="flex items-center gap-2 px-2 pt-2 pb-1 text-caption font-medium text-fg-4">
      {text}
      <span className="flex-1" />
      {end && <span className="font-normal">{end}</span>}
    </Radix.Label>
  );
}

interface PresetLineProps extends Omit<PresetMenuProps, 'onImport'> {
  preset: Preset;
}

function PresetLine({ preset, domain, present, onChoose }: PresetLineProps) {
  const { t } = useTranslation();
  const url = preset.mirrors[domain] ?? '';
  const there = !preset.own && present.includes(endpointOf(url) ?? '');
  const checked =
    preset.id === 'cache'
      ? undefined
      : preset.checked === undefined
        ? t('mirrors.preset.undated')
        : t('mirrors.preset.checked', { date: preset.checked });
  return (
    <Line
      title={preset.name}
      note={preset.note}
      checked={checked}
      hint={preset.source}
      disabled={there || preset.state === 'closed'}
      onSelect={() => onChoose(preset, url)}
    >
      {there ? (
        <Badge>{t('mirrors.preset.there')}</Badge>
      ) : (
        preset.state !== 'open' && (
          <Badge tone={preset.state === 'closed' ? 'error' : preset.state === 'restricted' ? 'warning' : 'neutral'}>
            {t(stateNames[preset.state])}
          </Badge>
        )
      )}
    </Line>
  );
}

interface LineProps {
  title: string;
  note: string;
  checked?: string | undefined;
  hint?: string;
  disabled?: boolean;
  onSelect: () => void;
  children?: ReactNode;
}

function Line({ title, note, checked, hint, disabled = false, onSelect, children }: LineProps) {
  return (
    <Radix.Item
      disabled={disabled}
      onSelect={onSelect}
      title={hint}
      className="group flex min-h-11 items-center gap-3 rounded-[4px] px-2 py-1 outline-none data-highlighted:bg-fill-active"
    >
      <span className="min-w-0 flex-1">
        <span className="block leading-4.5 group-data-disabled:text-fg-3">{title}</span>
        <span className="block text-small text-fg-4 group-data-highlighted:text-fg-3">{note}</span>
      </span>
      <span className="flex flex-none flex-col items-end gap-0.5">
        {children}
        {checked && (
          <span className="text-small tabular-nums text-fg-4 group-data-highlighted:text-fg-3">{checked}</span>
        )}
      </span>
    </Radix.Item>
  );
}
