import { useTranslation } from 'react-i18next';
import type { EnginePhase } from '../../electron/bridge/host.ts';
import { useApp } from '../host/app-store.ts';
import { useHost } from '../host/host-store.ts';
import { cx } from '../ui/class-names.ts';
import type { GlyphShape } from '../ui/glyph-shape.ts';
import { StatusGlyph } from '../ui/status-glyph.tsx';
import { Tooltip } from '../ui/tooltip.tsx';
import { Mark } from './mark.tsx';
import { sectionOf, sections } from './sections.ts';

type Section = (typeof sections)[number];

/** 208 px, below 960 px of window a rail of 48. */
export function Sidebar({ path }: { path: readonly string[] }) {
  const { t } = useTranslation();
  const mac = useApp((state) => state.info?.platform === 'darwin');
  const current = sectionOf(path);
  const item = (section: Section) => (
    <NavItem key={section.path} section={section} current={section.path === current} at={sections.indexOf(section)} />
  );
  return (
    <aside className="flex min-h-0 flex-col border-line-1 border-r bg-surface-0">
      {/* On macOS the window's lights stand above the host. */}
      {mac && <div className="drag h-10 flex-none" />}
      <div className="drag flex h-12 flex-none items-center justify-center gap-2 font-semibold min-[960px]:justify-start min-[960px]:pr-3 min-[960px]:pl-4">
        <Mark className="size-5 flex-none text-accent-mark" />
        <span className="hidden min-[960px]:inline">{t('app.thisComputer')}</span>
      </div>
      <nav aria-label={t('app.sections')} className="flex min-h-0 flex-1 flex-col gap-px px-2 py-1">
        {sections.filter((section) => !section.foot).map(item)}
        <span className="flex-1" />
        {sections.filter((section) => section.foot).map(item)}
      </nav>
      <EngineFoot />
    </aside>
  );
}

function NavItem({ section, current, at }: { section: Section; current: boolean; at: number }) {
  const { t } = useTranslation();
  const { counts } = section;
  const count = useHost((state) => (counts && state.listed ? counts(state) : 0));
  return (
    <Tooltip text={t(section.title)} keyHint={t('keys.section', { number: at + 1 })}>
      <a
        href={`#/${section.path}`}
        aria-current={current ? 'page' : undefined}
        aria-label={t(section.title)}
        className={cx(
          'flex h-8 items-center justify-center gap-2 rounded-2 min-[960px]:h-7 min-[960px]:justify-start min-[960px]:px-2',
          current ? 'bg-fill-selected font-medium' : 'text-fg-2 hover:bg-fill-hover',
        )}
      >
        <section.icon size={16} className={current ? undefined : 'text-fg-3'} aria-hidden />
        <span className="hidden min-[960px]:inline">{t(section.title)}</span>
        {count > 0 && (
          <span className="ml-auto hidden pt-px text-small font-normal tabular-nums text-fg-4 min-[960px]:inline">
            {count}
          </span>
        )}
      </a>
    </Tooltip>
  );
}

const glyphs: Record<EnginePhase, GlyphShape> = {
  starting: 'arc',
  running: 'dot',
  reconnecting: 'arc',
  failed: 'cross',
  stopped: 'ring',
};
const words = {
  starting: 'engine.foot.starting',
  running: 'engine.foot.running',
  reconnecting: 'engine.foot.reconnecting',
  failed: 'engine.foot.failed',
  stopped: 'engine.foot.stopped',
} as const satisfies Record<EnginePhase, string>;

function EngineFoot() {
  const { t } = useTranslation();
  const phase = useHost((state) => state.engine?.phase ?? (state.lost ? 'failed' : 'starting'));
  const text = t(words[phase]);
  return (
    <a
      href="#/settings/engine"
      title={text}
      className="mx-2 mt-1 mb-2 flex h-7 flex-none items-center justify-center gap-2 rounded-2 text-small text-fg-3 hover:bg-fill-hover min-[960px]:justify-start min-[960px]:px-2"
    >
      <StatusGlyph shape={glyphs[phase]} />
      <span className="sr-only min-[960px]:not-sr-only" role="status">
        {text}
      </span>
    </a>
  );
}
