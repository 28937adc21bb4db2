import { useTranslation } from 'react-i18next';
import type { DockerfileOffers } from '../../../electron/bridge/builds.ts';
import { Button } from '../../ui/button.tsx';
import { type NameValueRow, NameValueRows } from '../../ui/name-value-rows.tsx';
import { added } from '../../ui/rows.ts';
import { type BuildFields, unnamed } from './build-form.ts';

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
  const add = (name: string, value: string) => change({ rows: added<NameValueRow>(rows, { name, value }) });
  return (
    <NameValueRows
      rows={rows}
      onChange={(next) => change({ rows: next })}
      words={{
        title: t('builds.dialog.arguments'),
        name: t('builds.dialog.argument'),
        value: t('run.value'),
        add: t('builds.dialog.addArgument'),
        remove: t('builds.dialog.removeArgument'),
      }}
      noteOf={({ name }) => (secretName.test(name) ? { text: t('builds.dialog.secret'), bad: false } : undefined)}
    >
      {unnamed(fields, offers).map(({ name, value }) => (
        <Button key={name} kind="quiet" size="small" className="mono" onClick={() => add(name, value ?? '')}>
          {name}
        </Button>
      ))}
    </NameValueRows>
  );
}
