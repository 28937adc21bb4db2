import type { ReactNode } from 'react';
import { cx } from './class-names.ts';

const tones = {
  neutral: 'bg-surface-3 text-fg-3',
  running: 'bg-running-subtle text-running-text',
  warning: 'bg-warning-subtle text-warning-text',
  error: 'bg-error-subtle text-error-text',
  info: 'bg-info-subtle text-info-text',
};

export function Badge({ tone = 'neutral', children }: { tone?: keyof typeof tones; children: ReactNode }) {
  return (
    <span
      className={cx(
        'inline-flex h-4 flex-none items-center gap-1 whitespace-nowrap rounded-1 px-1.25 text-caption font-medium leading-4',
        tones[tone],
      )}
    >
      {children}
    </span>
  );
}
