import { useTranslation } from 'react-i18next';
import { Checkbox } from '../../ui/checkbox.tsx';
import { FieldGroup } from '../../ui/field-group.tsx';
import { Fold } from '../../ui/fold.tsx';
import { Select } from '../../ui/select.tsx';
import type { BuildFields } from './build-form.ts';

/** Radix takes no empty value. */
const none = ' ';
const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/386', 'linux/riscv64', 'linux/s390x'];

export interface BuildFoldsProps {
  fields: BuildFields;
  change: (part: Partial<BuildFields>) => void;
}

/** What is seldom other than it is: the platform and the cache, each telling its present value. */
export function BuildFolds({ fields, change }: BuildFoldsProps) {
  const { t } = useTranslation();
  const { platform, noCache, pull } = fields;
  const cache = [
    t(noCache ? 'builds.dialog.cacheUnused' : 'builds.dialog.cacheUsed'),
    ...(pull ? [t('builds.dialog.pullShort')] : []),
  ];
  return (
    <>
      <Fold title={t('builds.dialog.platform')} value={platform || t('pull.ownPlatform')}>
        <FieldGroup label={t('builds.dialog.platform')}>
          <Select
            label={t('builds.dialog.platform')}
            value={platform || none}
            onChange={(next) => change({ platform: next === none ? '' : next })}
            options={[
              { value: none, text: t('pull.ownPlatform') },
              ...platforms.map((each) => ({ value: each, text: each })),
            ]}
          />
        </FieldGroup>
      </Fold>
      <Fold title={t('builds.dialog.cache')} value={cache.join(t('builds.comma'))}>
        <FieldGroup label={t('builds.dialog.cache')}>
          <div className="flex flex-col gap-2 py-1">
            <Checkbox
              checked={noCache}
              onChange={(next) => change({ noCache: next })}
              label={t('builds.dialog.noCache')}
            />
            <Checkbox checked={pull} onChange={(next) => change({ pull: next })} label={t('builds.dialog.pull')} />
          </div>
        </FieldGroup>
      </Fold>
    </>
  );
}
