import type { ParseKeys } from 'i18next';
import type { ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import type { Container } from '../../../electron/bridge/host.ts';
import { containerPath } from '../../host/container-menu.ts';
import { cx } from '../../ui/class-names.ts';

/** One tab of a container's page. */
export interface ContainerPart {
  /** As in `#/containers/ID/PATH`. */
  readonly path: string;
  readonly title: ParseKeys;
  readonly View: ComponentType<{ container: Container }>;
  /** A hook: how many things the part holds, shown behind its title. */
  readonly useCount?: (id: string) => number;
}

interface PartTabsProps {
  container: Container;
  parts: readonly ContainerPart[];
  shown: ContainerPart | undefined;
}

export function PartTabs({ container, parts, shown }: PartTabsProps) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t('logs.parts')} className="flex h-9 flex-none gap-5 border-b border-line-1 px-4">
      {parts.map((part) => (
        <a
          key={part.path}
          href={`#${containerPath(container.id, part.path)}`}
          aria-current={part === shown ? 'page' : undefined}
          className={cx(
            'relative flex items-center',
            part === shown
              ? 'font-medium after:absolute after:inset-x-0 after:-bottom-px after:h-0.5 after:bg-fg-1'
              : 'text-fg-2 hover:text-fg-1',
          )}
        >
          {t(part.title)}
          {part.useCount && <Count id={container.id} useCount={part.useCount} />}
        </a>
      ))}
    </nav>
  );
}

function Count({ id, useCount }: { id: string; useCount: (id: string) => number }) {
  const count = useCount(id);
  return count > 0 && <span className="ml-2 text-small font-normal tabular-nums text-fg-4">{count}</span>;
}
