import type { ReactNode } from 'react';

export interface SettingRowProps {
  title: string;
  text?: ReactNode;
  children?: ReactNode;
}

/** One setting: what it is at the left, its control at the right. */
export function SettingRow({ title, text, children }: SettingRowProps) {
  return (
    <div className="flex min-h-11 max-w-160 items-center gap-3 border-line-1 border-b py-1.5 last:border-0">
      <div className="min-w-0">
        <div>{title}</div>
        {text && <div className="text-small text-fg-4">{text}</div>}
      </div>
      <span className="flex-1" />
      {children}
    </div>
  );
}
