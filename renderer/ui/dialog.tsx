import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import type { FormEvent, ReactNode, RefObject } from 'react';
import { IconButton } from './button.tsx';
import { cx } from './class-names.ts';

export interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  closeLabel: string;
  children: ReactNode;
  /** Left end and buttons; the primary one last. */
  footer: ReactNode;
  /** Enter in a field. */
  onSubmit?: () => void;
  /** The control that has the focus at first. */
  focus?: RefObject<HTMLElement | null>;
  /** 760 instead of 640. */
  wide?: boolean;
}

const content =
  'enter-dialog fixed inset-0 z-(--z-dialog) m-auto flex h-fit max-h-[min(736px,calc(100vh-32px))] max-w-[calc(100vw-32px)] flex-col overflow-hidden rounded-4 bg-surface-2 shadow-dialog outline-none';

function focusFirst(focus: RefObject<HTMLElement | null> | undefined) {
  return (event: Event) => {
    if (!focus?.current) return;
    event.preventDefault();
    focus.current.focus();
  };
}

/** Esc belongs to an open list of suggestions first. */
function keepWhileListIsOpen(event: KeyboardEvent) {
  if (document.activeElement?.getAttribute('aria-expanded') === 'true') event.preventDefault();
}

/** A form over the page: head 48, foot 56, 640 wide. */
export function Dialog({ open, onClose, title, closeLabel, children, footer, ...rest }: DialogProps) {
  const { onSubmit, focus, wide } = rest;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit?.();
  };
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-(--z-dialog) bg-scrim" />
        <Radix.Content
          aria-describedby={undefined}
          className={cx(content, wide ? 'w-190' : 'w-(--dialog)')}
          onOpenAutoFocus={focusFirst(focus)}
          onEscapeKeyDown={keepWhileListIsOpen}
        >
          <form onSubmit={submit} className="flex min-h-0 flex-col">
            <header className="flex h-12 flex-none items-center gap-2 pr-3 pl-5">
              <Radix.Title className="text-title font-semibold">{title}</Radix.Title>
              <span className="flex-1" />
              <Radix.Close asChild>
                <IconButton icon={X} label={closeLabel} />
              </Radix.Close>
            </header>
            <div className="min-h-0 flex-1 overflow-y-auto px-5 pt-1 pb-2">{children}</div>
            <footer className="flex h-14 flex-none items-center gap-2 border-t border-line-1 px-5">{footer}</footer>
          </form>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export interface QuestionProps {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  buttons: ReactNode;
  /** The safe button. */
  focus: RefObject<HTMLButtonElement | null>;
}

/** A question that cannot be undone, 400 wide: names the loss, the safe button has the focus. */
export function Question({ open, onClose, title, children, buttons, focus }: QuestionProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-(--z-dialog) bg-scrim" />
        <Radix.Content
          role="alertdialog"
          className={cx(content, 'w-(--dialog-small) p-5')}
          onOpenAutoFocus={focusFirst(focus)}
        >
          <Radix.Title className="text-title font-semibold [overflow-wrap:anywhere]">{title}</Radix.Title>
          <Radix.Description asChild>
            <div className="mt-3 text-fg-2 leading-(--leading-prose) [overflow-wrap:anywhere]">{children}</div>
          </Radix.Description>
          <div className="mt-4 flex justify-end gap-2">{buttons}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
