import { useEffect, useRef } from 'react';

/** `Mod` is Ctrl, on macOS Command. Single letters are written small: `j`, `Mod+n`, `Shift+ArrowDown`, `/`. */
export type Shortcuts = Readonly<Record<string, (() => void) | undefined>>;

function chordOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const shift = event.shiftKey && event.key.length > 1;
  return `${event.ctrlKey || event.metaKey ? 'Mod+' : ''}${event.altKey ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${key === ' ' ? 'Space' : key}`;
}

/** A list that stands in the page itself is no list of suggestions. */
const floating = '[role="dialog"],[role="alertdialog"],[role="menu"],[role="listbox"]:not(main [role="listbox"])';

/** A key belongs to the control that has it: text to fields, Enter and Space to buttons, everything to a dialog. */
function isTaken(event: KeyboardEvent, chord: string): boolean {
  if (document.querySelector(floating)) return true;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest('input, textarea, select, [contenteditable]')) return !chord.startsWith('Mod+');
  const pressable = target?.closest('button, a[href], label');
  return Boolean(pressable) && (chord === 'Enter' || chord === 'Space');
}

/** Keys of the whole page, as long as the component is there. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const chord = chordOf(event);
      const run = latest.current[chord];
      if (!run || isTaken(event, chord)) return;
      event.preventDefault();
      run();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
}
