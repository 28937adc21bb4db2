import { useTranslation } from 'react-i18next';
import type { BuildFolder, DockerfileOffers } from '../../../electron/bridge/builds.ts';
import { FieldGroup } from '../../ui/field-group.tsx';
import { Select } from '../../ui/select.tsx';
import type { BuildFields } from './build-form.ts';

/** Radix takes no empty value. */
const none = ' ';

export interface DockerfileFieldsProps {
  fields: BuildFields;
  content: BuildFolder | undefined;
  offers: DockerfileOffers | undefined;
  change: (part: Partial<BuildFields>) => void;
}

/** Which Dockerfile, up to which stage. */
export function DockerfileFields({ fields, content, offers, change }: DockerfileFieldsProps) {
  const { t } = useTranslation();
  const { dockerfile, target } = fields;
  const files = content?.dockerfiles ?? [];
  const stages = [...new Set([...(offers?.stages ?? []), ...(target === '' ? [] : [target])])];
  return (
    <>
      <FieldGroup label={t('builds.dialog.dockerfile')}>
        {content && files.length === 0 ? (
          <p role="alert" className="leading-7 text-error-text">
            {t('builds.dialog.noDockerfile')}
          </p>
        ) : (
          <Select
            label={t('builds.dialog.dockerfile')}
            value={dockerfile}
            onChange={(next) => change({ dockerfile: next, target: '' })}
            options={(files.includes(dockerfile) ? files : [dockerfile, ...files]).map((file) => ({
              value: file,
              text: file,
            }))}
          />
        )}
      </FieldGroup>
      <FieldGroup label={t('builds.dialog.target')}>
        <Select
          label={t('builds.dialog.target')}
          value={target || none}
          onChange={(next) => change({ target: next === none ? '' : next })}
          options={[
            { value: none, text: t('builds.dialog.lastStage') },
            ...stages.map((stage) => ({ value: stage, text: stage })),
          ]}
        />
      </FieldGroup>
    </>
  );
}
