import { Trash2 } from 'lucide-react';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { BuildCacheEntry } from '../../../electron/bridge/builds.ts';
import type { Failure } from '../../../electron/bridge/failure.ts';
import { call } from '../../host/bridge-client.ts';
import { failureText } from '../../host/failure-text.ts';
import { sizeText } from '../../host/figures.ts';
import { noticeDone } from '../../host/notices.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Spinner } from '../../ui/spinner.tsx';

const kinds: Readonly<Record<string, 'steps' | 'mounts' | 'contexts' | 'sources'>> = {
  regular: 'steps',
  'exec.cachemount': 'mounts',
  'source.local': 'contexts',
  'source.git.checkout': 'sources',
};
const titles = {
  steps: 'builds.cache.steps',
  mounts: 'builds.cache.mounts',
  contexts: 'builds.cache.contexts',
  sources: 'builds.cache.sources',
  others: 'builds.cache.others',
} as const;
type Kind = keyof typeof titles;

const sumOf = (entries: readonly BuildCacheEntry[]) => entries.reduce((sum, { bytes }) => sum + bytes, 0);

/** What builds have left to be used again, by kind, the largest first; cleared one by one or all. */
export function CacheDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [entries, setEntries] = useState<readonly BuildCacheEntry[]>();
  const [failure, setFailure] = useState<Failure>();
  const [clearing, setClearing] = useState<string>();
  const read = useCallback(async () => {
    const outcome = await call('builds.cache', undefined);
    if (outcome.ok) setEntries(outcome.value);
    else setFailure(outcome.failure);
  }, []);
  useEffect(() => void read(), [read]);
  const clear = async (id?: string) => {
    setClearing(id ?? 'all');
    const outcome = await call('builds.clearCache', id === undefined ? {} : { id });
    setClearing(undefined);
    setFailure(outcome.ok ? undefined : outcome.failure);
    if (outcome.ok) noticeDone(t('builds.cache.freed', { size: sizeText(outcome.value.freed) }));
    await read();
  };
  const groups = useMemo(() => groupsOf(entries ?? []), [entries]);
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={t('builds.cache.title')}
      closeLabel={t('app.close')}
      footer={
        <>
          <span className="text-small text-fg-3">{t('builds.cache.historyGoes')}</span>
          <span className="flex-1" />
          <Button onClick={onClose}>{t('app.close')}</Button>
          <Button
            kind="danger"
            disabled={!entries || entries.length === 0}
            busy={clearing === 'all'}
            onClick={() => void clear()}
          >
            {t('builds.cache.clearAll', { size: sizeText(sumOf(entries ?? [])) })}
          </Button>
        </>
      }
    >
      {failure && (
        <p role="alert" className="mb-3 text-error-text">
          {failureText(failure)}
        </p>
      )}
      {!entries
        ? !failure && <Spinner />
        : entries.length === 0 && <p className="pb-3 text-fg-3">{t('builds.cache.none')}</p>}
      {groups.map(({ kind, all }) => (
        <Group key={kind} kind={kind} entries={all} clearing={clearing} clear={clear} />
      ))}
    </Dialog>
  );
}

function groupsOf(entries: readonly BuildCacheEntry[]): { kind: Kind; all: BuildCacheEntry[] }[] {
  const groups = new Map<Kind, BuildCacheEntry[]>();
  for (const entry of entries) {
    const kind = kinds[entry.kind] ?? 'others';
    groups.set(kind, [...(groups.get(kind) ?? []), entry]);
  }
  return [...groups].map(([kind, all]) => ({ kind, all: all.sort((a, b) => b.bytes - a.bytes) }));
}

interface GroupProps {
  kind: Kind;
  entries: readonly BuildCacheEntry[];
  clearing: string | undefined;
  clear: (id: string) => Promise<void>;
}

function Group({ kind, entries, clearing, clear }: GroupProps) {
  const { t } = useTranslation();
  return (
    <section className="mb-3">
      <h3 className="flex items-center border-line-1 border-b pb-1.5">
        <span className="flex-1 font-semibold">{t(titles[kind])}</span>
        <span className="pr-10 text-small tabular-nums text-fg-3">{sizeText(sumOf(entries))}</span>
      </h3>
      <ul
        aria-label={t(titles[kind])}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
        tabIndex={0}
        className="max-h-60 overflow-y-auto rounded-1"
      >
        {entries.map((entry) => (
          <li key={entry.id} className="flex h-8 items-center gap-4 whitespace-nowrap">
            <code
              className="mono min-w-0 flex-1 overflow-hidden text-ellipsis text-code text-fg-2"
              title={entry.description}
            >
              {entry.description || entry.id}
            </code>
            <span className="text-small tabular-nums text-fg-4">
              {entry.inUse ? t('builds.cache.inUse') : t('builds.cache.uses', { count: entry.uses })}
            </span>
            <span className="w-16 text-right text-small tabular-nums text-fg-3">{sizeText(entry.bytes)}</span>
            <IconButton
              small
              icon={Trash2}
              label={t('builds.cache.clearOne', { name: entry.description || entry.id })}
              disabled={entry.inUse || clearing !== undefined}
              busy={clearing === entry.id}
              onClick={() => void clear(entry.id)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
