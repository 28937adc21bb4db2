import { CircleCheck, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Toaster as Sonner, toast } from 'sonner';
import { Button } from './button.tsx';
import { StatusGlyph } from './status-glyph.tsx';

/** The words of a notice, in the language that is shown. */
export interface Notice {
  /** A failure stays until it is closed; anything else goes after 6 s. */
  kind: 'done' | 'failed';
  title: string;
  text?: string | undefined;
  action?: { label: string; onPress: () => void } | undefined;
  closeLabel: string;
}

function NoticeCard({ id, words }: { id: string | number; words: () => Notice }) {
  // it stays while the language changes
  useTranslation();
  const { kind, title, text, action, closeLabel } = words();
  return (
    <div
      role={kind === 'failed' ? 'alert' : 'status'}
      className="grid w-90 grid-cols-[16px_minmax(0,1fr)_auto] items-start gap-x-2.5 rounded-3 bg-surface-2 py-2.5 pr-2.5 pl-3 font-ui text-body text-fg-1 shadow-popover"
    >
      <span className="mt-0.5">
        {kind === 'failed' ? (
          <StatusGlyph shape="cross" />
        ) : (
          <CircleCheck size={16} className="text-running-text" aria-hidden />
        )}
      </span>
      <div className="min-w-0 [overflow-wrap:anywhere]">
        <div className="font-medium">{title}</div>
        {text && <div className="mt-0.5 text-small text-fg-3">{text}</div>}
        {action && (
          <div className="mt-2">
            <Button
              size="small"
              onClick={() => {
                toast.dismiss(id);
                action.onPress();
              }}
            >
              {action.label}
            </Button>
          </div>
        )}
      </div>
      <button
        type="button"
        aria-label={closeLabel}
        className="grid size-5 place-items-center rounded-1 text-fg-4 hover:bg-fill-active hover:text-fg-1"
        onClick={() => toast.dismiss(id)}
      >
        <X size={14} aria-hidden />
      </button>
    </div>
  );
}

/** Shows a notice; `words` is asked again when the language changes. */
export function showNotice(words: () => Notice): void {
  toast.custom((id) => <NoticeCard id={id} words={words} />, {
    duration: words().kind === 'failed' ? Number.POSITIVE_INFINITY : 6000,
    unstyled: true,
  });
}

/** Where notices appear: bottom right, three at most. Needed once. */
export function Notices({ label }: { label: string }) {
  return (
    <Sonner
      position="bottom-right"
      visibleToasts={3}
      offset={16}
      gap={8}
      expand
      containerAriaLabel={label}
      style={{ '--width': '360px' } as React.CSSProperties}
    />
  );
}
