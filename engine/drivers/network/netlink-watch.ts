import { adoptDescriptor, netlinkProtocols, openNetlink } from '../../base/libc-socket.ts';
import { deletedLinks, linkGroup } from './rtnetlink.ts';

/** Multicast group NFNLGRP_NFTABLES as a bit mask. */
const nftablesGroup = 1 << 6;

export interface NetworkWatch {
  close(): void;
}

function listen(protocol: number, groups: number, heard: (datagram: Buffer) => void): NetworkWatch {
  let closing = false;
  const open = () => {
    const socket = adoptDescriptor(openNetlink(protocol, groups));
    socket.on('data', heard);
    // ENOBUFS: the kernel had more to say than fits; what was missed is looked at anew
    socket.on('error', () => {});
    socket.once('close', () => {
      if (closing) return;
      current = open();
      heard(Buffer.alloc(0));
    });
    return socket.unref();
  };
  let current = open();
  return {
    close() {
      closing = true;
      current.destroy();
    },
  };
}

/** Tells the names of links that go; an empty list means: look yourself. */
export const watchLinks = (gone: (names: readonly string[]) => void): NetworkWatch =>
  listen(netlinkProtocols.route, linkGroup, (datagram) => gone(deletedLinks(datagram)));

/** Tells that somebody changed the firewall, once after each burst of changes. */
export function watchFirewall(changed: () => void): NetworkWatch {
  const quietMilliseconds = 200;
  let timer: NodeJS.Timeout | undefined;
  const watch = listen(netlinkProtocols.netfilter, nftablesGroup, () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      changed();
    }, quietMilliseconds).unref();
  });
  return {
    close() {
      clearTimeout(timer);
      watch.close();
    },
  };
}
