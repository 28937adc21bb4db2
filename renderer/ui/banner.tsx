import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { cx } from './class-names.ts';
import { Spinner } from './spinner.tsx';

export interface BannerProps {
  tone: 'info' | 'warning' | 'error';
  /** Work goes on: a spinner instead of the sign. */
  busy?: boolean;
  title: string;
  children?: ReactNode;
  /** The end of the line: figures and buttons. */
  actions?: ReactNode;
}

const tones = {
  info: { sign: Info, text: 'text-info-text', fill: 'bg-info-subtle' },
  warning: { sign: TriangleAlert, text: 'text-warning-text', fill: 'bg-warning-subtle' },
  error: { sign: CircleAlert, text: 'text-error-text', fill: 'bg-error-subtle' },
} as const;

/** The state of the whole page, 44 px, above its content. */
export function Banner({ tone, busy, title, children, actions }: BannerProps) {
  const { sign: Sign, text, fill } = tones[tone];
  return (
    <div
      role={tone === 'error' ? 'alert' : 'status'}
      className={cx('mx-4 mb-2 flex min-h-11 flex-none items-center gap-2.5 rounded-2 py-2 pr-2 pl-3 text-fg-1', fill)}
    >
      {busy ? <Spinner className={text} /> : <Sign size={16} className={text} aria-hidden />}
      <div className="min-w-0 flex-1">
        <span className="font-medium">{title}</span>
        <SentenceGap />
        {children && <span className="text-fg-2">{children}</span>}
      </div>
      {actions}
    </div>
  );
}

/** The space between two sentences, where the language has one. */
export function SentenceGap() {
  return <span className="sentence-gap"> </span>;
}
