/** How a state is drawn: shape carries the state, colour only supports it. */
export type GlyphShape =
  | 'dot'
  | 'arc'
  | 'arc-running'
  | 'pause'
  | 'ring'
  | 'dashed'
  | 'cross'
  | 'triangle'
  | 'dot-warning';
