import { useTranslation } from 'react-i18next';
import type { FoundNames } from '../../../electron/bridge/transfers.ts';
import { cx } from '../../ui/class-names.ts';
import { Spinner } from '../../ui/spinner.tsx';
import type { OfferGroup } from './offers.ts';

export interface NameListProps {
  id: string;
  groups: readonly OfferGroup[];
  /** What the field says, to be marked. */
  text: string;
  /** Index of the offer that Enter takes, over all groups. */
  at: number;
  onTake: (value: string) => void;
  unsearchable: FoundNames['unsearchable'];
  busy: boolean;
  failed: boolean;
}

export const offerId = (list: string, at: number) => `${list}-${at}`;

/** Names that the field can go on as, under the place where they are. */
export function NameList({ id, groups, text, at, onTake, unsearchable, busy, failed }: NameListProps) {
  const { t } = useTranslation();
  let index = -1;
  const query = text.trim().toLowerCase();
  return (
    <div className="flex min-h-0 flex-col overflow-y-auto px-2 py-1">
      <div id={id} role="listbox" aria-label={t('pull.names')}>
        {groups.map(({ registry, offers }) => (
          // biome-ignore lint/a11y/useSemanticElements: a group of options
          <div key={registry ?? ''} role="group" aria-label={registry ?? t('pull.here')}>
            <div aria-hidden className="overflow-hidden text-ellipsis px-2 pt-2 pb-1 text-caption text-fg-4">
              {registry ?? t('pull.here')}
            </div>
            {offers.map(({ value, official }) => {
              index += 1;
              const own = index;
              return (
                <div
                  key={value}
                  id={offerId(id, own)}
                  role="option"
                  tabIndex={-1}
                  aria-selected={own === at}
                  title={value}
                  className={cx(
                    'flex h-7 items-center gap-2 whitespace-nowrap rounded-2 px-2 hover:bg-fill-hover',
                    own === at && 'bg-fill-selected',
                  )}
                  onPointerDown={(event) => {
                    event.preventDefault();
                    onTake(value);
                  }}
                >
                  <span className="overflow-hidden text-ellipsis">
                    <Bold text={value} query={query} />
                  </span>
                  {official && <span className="ml-auto text-small text-fg-4">{t('pull.official')}</span>}
                </div>
              );
            })}
          </div>
        ))}
      </div>
      {busy && (
        <p className="flex items-center gap-2 px-2 py-2 text-small text-fg-4">
          <Spinner /> {t('pull.searching')}
        </p>
      )}
      {!busy && failed && <p className="px-2 py-2 text-small text-fg-4">{t('pull.notSearched')}</p>}
      {!busy && groups.length === 0 && !failed && (
        <p className="px-2 py-2 text-small text-fg-4">{t(query === '' ? 'pull.begin' : 'pull.noNames')}</p>
      )}
      {!busy &&
        unsearchable.map(({ registry, message }) => (
          <div key={registry} className="px-2 pt-2 text-small text-fg-4" title={message}>
            <div className="text-caption">{registry}</div>
            {t('pull.unsearchable')}
          </div>
        ))}
    </div>
  );
}

/** The part that was typed stands out. */
function Bold({ text, query }: { text: string; query: string }) {
  const at = query === '' ? -1 : text.toLowerCase().indexOf(query);
  if (at < 0) return text;
  return (
    <>
      {text.slice(0, at)}
      <span className="font-semibold">{text.slice(at, at + query.length)}</span>
      {text.slice(at + query.length)}
    </>
  );
}
