import { Check } from 'lucide-react';
import { type KeyboardEvent, type Ref, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../../electron/bridge/failure.ts';
import { failureText } from '../../host/failure-text.ts';
import { useHost } from '../../host/host-store.ts';
import { sortTags } from '../../host/references.ts';
import { cx } from '../../ui/class-names.ts';
import { Spinner } from '../../ui/spinner.tsx';
import { SearchBox } from '../../ui/text-field.tsx';
import { PlatformSelect } from './platform-select.tsx';

export interface TagListProps {
  repository: string | undefined;
  tags: readonly string[] | undefined;
  failure: Failure | undefined;
  busy: boolean;
  /** The tag that the field names. */
  tag: string;
  onTake: (tag: string) => void;
  onPull: () => void;
  platform: string;
  onPlatform: (platform: string) => void;
  ref: Ref<HTMLDivElement>;
}

/** Rows that are drawn; whoever looks for another one filters. */
const most = 200;

/** The tags of a repository; arrows choose one. */
export function TagList(props: TagListProps) {
  const { repository, tags, tag, platform, onPlatform, busy, failure } = props;
  const { t } = useTranslation();
  const [filter, setFilter] = useState('');
  // another repository has other tags
  useEffect(() => setFilter(repository === undefined ? '' : ''), [repository]);
  const wanted = filter.trim().toLowerCase();
  const found = sortTags(tags ?? []).filter((each) => each.toLowerCase().includes(wanted));
  return (
    <div className="flex min-h-0 min-w-0 flex-col">
      <div className="flex h-11 flex-none items-center gap-2 pr-3 pl-4">
        <span className="min-w-0 overflow-hidden text-ellipsis whitespace-nowrap font-semibold" title={repository}>
          {repository ?? t('pull.tags')}
        </span>
        {tags && tags.length > 0 && (
          <span className="whitespace-nowrap text-small tabular-nums text-fg-3">
            {t('pull.tagCount', { count: tags.length })}
          </span>
        )}
        <span className="flex-1" />
        {tags && tags.length > 8 && (
          <SearchBox
            value={filter}
            onChange={setFilter}
            placeholder={t('pull.filterTags')}
            clearLabel={t('app.clearSearch')}
            className="w-36"
          />
        )}
        <PlatformSelect value={platform} onChange={onPlatform} />
      </div>
      {found.length > 0 ? (
        <Tags {...props} shown={found.slice(0, most)} more={found.length - most} tag={tag} />
      ) : (
        <div className="px-4 py-1 text-small text-fg-4">
          <NoTags {...{ repository, busy, failure, filtered: (tags?.length ?? 0) > 0 }} known={tags !== undefined} />
        </div>
      )}
    </div>
  );
}

interface NoTagsProps {
  repository: string | undefined;
  busy: boolean;
  failure: Failure | undefined;
  filtered: boolean;
  known: boolean;
}

function NoTags({ repository, busy, failure, filtered, known }: NoTagsProps) {
  const { t } = useTranslation();
  if (busy && repository)
    return (
      <span className="flex items-center gap-2">
        <Spinner /> {t('pull.askingTags')}
      </span>
    );
  if (failure) return <span className="[overflow-wrap:anywhere]">{failureText(failure)}</span>;
  if (!repository) return t('pull.chooseName');
  if (filtered) return t('pull.noTagMatches');
  return known ? t('pull.noTags') : t('pull.tagsUnknown');
}

interface TagsProps extends TagListProps {
  shown: readonly string[];
  more: number;
}

function Tags({ shown, more, tag, onTake, onPull, repository, ref }: TagsProps) {
  const { t } = useTranslation();
  const rows = useRef<HTMLDivElement>(null);
  const at = shown.indexOf(tag);
  const here = useHereTags(repository);
  useEffect(() => {
    rows.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at]);
  const press = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (event.key === 'Enter' && !event.ctrlKey) {
      event.preventDefault();
      onPull();
    } else if (by !== undefined) {
      event.preventDefault();
      const next = shown[Math.max(0, Math.min(shown.length - 1, at + by))];
      if (next !== undefined) onTake(next);
    }
  };
  return (
    <div
      ref={ref}
      role="listbox"
      tabIndex={0}
      aria-label={t('pull.tagsOf', { name: repository })}
      aria-activedescendant={at >= 0 ? `tag-${at}` : undefined}
      className="min-h-0 flex-1 overflow-y-auto rounded-1 px-1 pb-1 outline-none focus-visible:outline-2 focus-visible:-outline-offset-2 focus-visible:outline-(--focus-color)"
      onKeyDown={press}
    >
      <div ref={rows}>
        {shown.map((each, index) => (
          <div
            key={each}
            id={`tag-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            className={cx(
              'flex h-7 items-center gap-2 whitespace-nowrap rounded-2 px-3',
              index === at ? 'bg-accent-subtle' : 'hover:bg-fill-hover',
            )}
            onClick={() => onTake(each)}
            onDoubleClick={onPull}
            onKeyDown={undefined}
          >
            <span className="overflow-hidden text-ellipsis">{each}</span>
            {here.has(each) && (
              <span className="flex items-center gap-1 text-small text-fg-3">
                <Check size={14} aria-hidden /> {t('pull.isHere')}
              </span>
            )}
          </div>
        ))}
      </div>
      {more > 0 && <p className="px-3 py-1.5 text-small text-fg-4">{t('pull.moreTags', { count: more })}</p>}
    </div>
  );
}

/** Tags of the repository that are on this computer. */
function useHereTags(repository: string | undefined): ReadonlySet<string> {
  const images = useHost((state) => state.images);
  const start = `${repository}:`;
  const references = Object.values(images).flatMap((image) => image.references);
  return new Set(references.filter((each) => each.startsWith(start)).map((each) => each.slice(start.length)));
}
