import { Plus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { DockerfileOffers } from '../../../electron/bridge/builds.ts';
import { Button } from '../../ui/button.tsx';
import { FieldGroup, FieldRow } from '../../ui/field-group.tsx';
import { TextInput } from '../../ui/text-field.tsx';
import { type ArgumentRow, type BuildFields, nextKey, unnamed } from './build-form.ts';

const secretName = /pass(?:word|wd|phrase)?(?:_|$)|secret|token|api_?key|access_?key|private_?key|credential/i;

export interface ArgumentRowsProps {
  fields: BuildFields;
  offers: DockerfileOffers | undefined;
  change: (part: Partial<BuildFields>) => void;
}

/** Values for ARG; those that the Dockerfile names are offered. */
export function ArgumentRows({ fields, offers, change }: ArgumentRowsProps) {
  const { t } = useTranslation();
  const { rows } = fields;
  const put = (row: ArgumentRow, part: Partial<ArgumentRow>) =>
    change({ rows: rows.map((each) => (each === row ? { ...each, ...part } : each)) });
  const add = (name: string, value: string) => change({ rows: [...rows, { key: nextKey(), name, value }] });
  return (
    <FieldGroup label={t('builds.dialog.arguments')}>
      {rows.map((row) => (
        <FieldRow
          key={row.key}
          removeLabel={t('builds.dialog.removeArgument')}
          onRemove={() => change({ rows: rows.filter((each) => each !== row) })}
          error={secretName.test(row.name) && <span>{t('builds.dialog.secret')}</span>}
        >
          <TextInput
            mono
            className="w-42"
            value={row.name}
            aria-label={t('builds.dialog.argument')}
            placeholder={t('builds.dialog.argument')}
            onChange={(name) => put(row, { name })}
          />
          <span className="text-fg-4">=</span>
          <TextInput
            mono
            className="flex-1"
            value={row.value}
            aria-label={t('run.value')}
            onChange={(value) => put(row, { value })}
          />
        </FieldRow>
      ))}
      <div className="-ml-2 flex min-h-7 flex-wrap items-center gap-x-1">
        <Button kind="quiet" size="small" icon={Plus} onClick={() => add('', '')}>
          {t('builds.dialog.addArgument')}
        </Button>
        {unnamed(fields, offers).map(({ name, value }) => (
          <Button key={name} kind="quiet" size="small" className="mono" onClick={() => add(name, value ?? '')}>
            {name}
          </Button>
        ))}
      </div>
    </FieldGroup>
  );
}
