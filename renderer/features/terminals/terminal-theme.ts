import type { ITheme } from '@xterm/xterm';

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;

/** The colours of the tokens as they are now, light or dark. */
export function terminalTheme(): ITheme {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string) => style.getPropertyValue(name).trim();
  const colours = names.flatMap((name) => {
    const colour = value(`--ansi-${name}`);
    // the tokens know eight colours: bright ones differ by weight, not by colour
    return [[name, colour] as const, [`bright${name[0]?.toUpperCase()}${name.slice(1)}`, colour] as const];
  });
  return {
    ...Object.fromEntries(colours),
    background: value('--term-bg'),
    foreground: value('--term-fg'),
    cursor: value('--term-cursor'),
    cursorAccent: value('--term-bg'),
    selectionBackground: value('--term-selection'),
    // a line beside the bar, which no other bar here has
    overviewRulerBorder: value('--term-bg'),
    scrollbarSliderBackground: value('--scrollbar'),
  };
}
