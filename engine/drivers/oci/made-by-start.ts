/**
 * What a start makes in a root filesystem where it is not there, relative to it, parents first: the places of the host's
 * files, and the runtime's for what it mounts.
 */
export const madeByStart: readonly string[] = [
  ...['dev', 'proc', 'sys', 'dev/pts', 'dev/shm', 'dev/mqueue', 'dev/console'],
  ...['etc', 'etc/hosts', 'etc/hostname', 'etc/resolv.conf', 'sys/fs', 'sys/fs/cgroup'],
];
