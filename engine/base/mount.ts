/** One mount as mount(2) takes it. Snapshotters make mounts, the runtime's side performs them; they never meet. */
export interface Mount {
  /** Filesystem type (`overlay`, `fuse-overlayfs`) or `bind`. */
  type: string;
  /** Device, or the directory to bind. */
  source: string;
  /** As in fstab: flags (`ro`, `rbind`) and data (`lowerdir=…`), in order. */
  options: readonly string[];
  /** Of a bind: a descriptor of the user namespace whose maps its owners are shown through. */
  idMapped?: number;
}
