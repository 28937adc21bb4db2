import * as z from 'zod';

const bounds = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().min(1),
  height: z.number().int().min(1),
});

export type Bounds = z.output<typeof bounds>;

export const smallest = { width: 760, height: 520 } as const;
const usual = { width: 1280, height: 800 } as const;

/** What is kept of the window between two runs. */
export const windowStateSchema = z.object({
  bounds: bounds.optional().catch(undefined),
  maximized: z.boolean().catch(false),
});

/** How much of a window must lie on a screen so that it can be found and moved, in pixels. */
const VISIBLE = 100;

function overlap(from: number, length: number, otherFrom: number, otherLength: number): number {
  return Math.min(from + length, otherFrom + otherLength) - Math.max(from, otherFrom);
}

/** Where the window opens: where it was if a screen is still there, no larger than that, else the usual size, centred. */
export function placeWindow(saved: Bounds | undefined, screens: readonly Bounds[]): Partial<Bounds> {
  const screen =
    saved &&
    screens.find(
      (area) =>
        overlap(saved.x, saved.width, area.x, area.width) >= VISIBLE &&
        overlap(saved.y, saved.height, area.y, area.height) >= VISIBLE,
    );
  if (!saved || !screen) return usual;
  return {
    x: saved.x,
    y: Math.max(saved.y, screen.y),
    width: Math.max(smallest.width, Math.min(saved.width, screen.width)),
    height: Math.max(smallest.height, Math.min(saved.height, screen.height)),
  };
}
