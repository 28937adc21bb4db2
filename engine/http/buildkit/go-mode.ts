/** Modes of files as Go's os.FileMode has them (package io/fs, "FileMode"). */
export const goModes = {
  directory: 0x8000_0000,
  symlink: 0x0800_0000,
  device: 0x0400_0000,
  pipe: 0x0200_0000,
  socket: 0x0100_0000,
  characterDevice: 0x0020_0000,
  /** Devices, pipes, sockets and what has no name. */
  other: 0x0400_0000 | 0x0200_0000 | 0x0100_0000 | 0x0020_0000 | 0x0008_0000,
} as const;

const special = [
  [0x0080_0000, 0o4000],
  [0x0040_0000, 0o2000],
  [0x0010_0000, 0o1000],
] as const;

/** The lower bits as chmod(2) has them. */
export const permissionsOf = (mode: number): number =>
  special.reduce((bits, [go, unix]) => bits | (mode & go ? unix : 0), mode & 0o777);

/** The other way round; `kind`: what of `goModes` it is, 0 for a file. */
export const goModeOf = (permissions: number, kind: number): number =>
  special.reduce((bits, [go, unix]) => bits | (permissions & unix ? go : 0), kind | (permissions & 0o777)) >>> 0;
