import { createLucideIcon } from 'lucide-react';

/** Lucide's square is too large beside its play: the square of the design. */
export const StopIcon = createLucideIcon('stop', [
  ['rect', { x: '5.5', y: '5.5', width: '13', height: '13', rx: '2', key: 'square' }],
]);
