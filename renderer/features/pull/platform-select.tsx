import { useTranslation } from 'react-i18next';
import { Select } from '../../ui/select.tsx';

/** What images are made for most; the rest can be given by the CLI. */
const platforms = [
  'linux/amd64',
  'linux/arm64',
  'linux/arm/v7',
  'linux/arm/v6',
  'linux/386',
  'linux/ppc64le',
  'linux/riscv64',
  'linux/s390x',
] as const;

/** None: the one of this computer. Radix takes no empty value. */
const own = 'own';

export function PlatformSelect({ value, onChange }: { value: string; onChange: (platform: string) => void }) {
  const { t } = useTranslation();
  return (
    <Select
      label={t('pull.platform')}
      value={value || own}
      onChange={(next) => onChange(next === own ? '' : next)}
      options={[
        { value: own, text: t('pull.ownPlatform') },
        ...platforms.map((platform) => ({ value: platform as string, text: platform })),
      ]}
    />
  );
}
