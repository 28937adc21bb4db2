import { Tooltip as Radix } from 'radix-ui';
import type { ReactNode } from 'react';

/** Needed once, around everything that shows tooltips. */
export function TooltipProvider({ children }: { children: ReactNode }) {
  return (
    <Radix.Provider delayDuration={500} skipDelayDuration={200}>
      {children}
    </Radix.Provider>
  );
}

export interface TooltipProps {
  text: string;
  /** The key that does the same, shown behind the text. */
  keyHint?: string;
  children: ReactNode;
}

/** A dark label above one control; the control must take a ref. */
export function Tooltip({ text, keyHint, children }: TooltipProps) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          sideOffset={4}
          collisionPadding={8}
          className="enter-pop z-(--z-tooltip) flex max-w-90 gap-2 rounded-2 bg-fg-1 px-2 py-1 text-small text-surface-1 [overflow-wrap:anywhere]"
        >
          <span>{text}</span>
          {keyHint && <span className="opacity-60">{keyHint}</span>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
