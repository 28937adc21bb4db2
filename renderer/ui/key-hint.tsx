/** One key, or a chord such as `Ctrl N`. */
export function KeyHint({ keys, onColour = false }: { keys: string; onColour?: boolean }) {
  return (
    <kbd
      className={`inline-block h-4 min-w-4 flex-none rounded-1 px-1 text-center font-ui text-caption font-normal leading-4 ${
        onColour ? 'bg-[rgb(0_0_0/0.18)]' : 'bg-surface-3 text-fg-3'
      }`}
    >
      {keys}
    </kbd>
  );
}
