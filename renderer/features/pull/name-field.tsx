import { Search } from 'lucide-react';
import type { KeyboardEvent, Ref } from 'react';
import { useTranslation } from 'react-i18next';
import { KeyHint } from '../../ui/key-hint.tsx';
import { TextInput } from '../../ui/text-field.tsx';

export interface NameFieldProps {
  value: string;
  onChange: (value: string) => void;
  /** What Tab would make of it. */
  completion: string | undefined;
  onKeyDown: (event: KeyboardEvent) => void;
  listId: string;
  /** Id of the offer that Enter would take. */
  active: string | undefined;
  expanded: boolean;
  bad: boolean;
  ref: Ref<HTMLInputElement>;
}

/** The name with what it can go on as behind it, in grey. */
export function NameField({ value, onChange, completion, listId, active, expanded, ...rest }: NameFieldProps) {
  const { t } = useTranslation();
  const ghost = completion?.slice(value.length) ?? '';
  return (
    <div className="relative">
      <TextInput
        {...rest}
        className="h-8"
        icon={Search}
        value={value}
        onChange={onChange}
        placeholder={t('pull.placeholder')}
        aria-label={t('pull.name')}
        role="combobox"
        aria-expanded={expanded}
        aria-controls={listId}
        aria-activedescendant={active}
        aria-autocomplete="both"
        end={
          ghost && (
            <span className="flex items-center gap-1.5 whitespace-nowrap bg-surface-2 pl-2 text-small text-fg-4 dark:bg-surface-1">
              <KeyHint keys={t('keys.tab')} />
              {t('pull.complete')}
            </span>
          )
        }
      />
      {ghost && (
        <span
          aria-hidden
          className="pointer-events-none absolute inset-y-0 right-32 left-[30px] flex items-center overflow-hidden whitespace-pre"
        >
          <span className="invisible">{value}</span>
          <span className="text-fg-4">{ghost}</span>
        </span>
      )}
    </div>
  );
}
