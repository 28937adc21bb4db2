import { closeSync, constants, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from '../../base/errors.ts';
import { errnoCode } from '../../base/libc.ts';
import { adoptDescriptor, connectSeqpacket } from '../../base/libc-socket.ts';
import { bundleDirectory } from '../mounts/namespace-record.ts';
import { type AttachConnection, createAttachConnection } from './attach-connection.ts';
import type { ProcessStream } from './runtime.ts';

export interface AttachTarget {
  openStdin: boolean;
  stdinOnce: boolean;
  terminal: boolean;
}

export interface AttachLimits {
  /** Chunks of at most 8 KiB that wait for one client in memory; more waits on disk. */
  waitingChunks: number;
  /** Bytes that may wait on disk for one client; then it is cut off. */
  spoolBytes: number;
  /** Where they wait, in a file without a name. */
  spoolDirectory: string;
}

/**
 * Attached clients of all containers. conmon stalls a container when one of its clients does not read, so the engine is
 * the only client of each conmon, always reads, and hands the output out itself. Docker lets a slow client hold the
 * container back without bound; here its output waits on disk, for a window that somebody has forgotten is no reason for
 * a service to stand still, and a slow pipe shall lose nothing.
 */
export interface AttachHub {
  attach(id: string, target: AttachTarget): Promise<ProcessStream>;
  /** @throws EngineError `conflict` (`container.not-running`). */
  resize(id: string, size: { rows: number; columns: number }): Promise<void>;
  /**
   * Forgets a container that has ended. Its clients still get what it wrote last: their streams end when the monitor,
   * which is ending, has closed its side and everything is read.
   */
  drop(id: string): void;
  close(): void;
}

const defaultLimits = { waitingChunks: 256, spoolBytes: 1024 ** 3 };

function gone(id: string, cause: unknown): EngineError {
  return new EngineError('conflict', `Container ${id} is not running`, {
    reason: 'container.not-running',
    params: { name: id },
    cause,
  });
}

/** Makes the hub for the containers of a run root. */
export function createAttachHub(options: {
  runRoot: string;
  limits: Partial<AttachLimits> & Pick<AttachLimits, 'spoolDirectory'>;
}): AttachHub {
  const limits = { ...defaultLimits, ...options.limits };
  const connections = new Map<string, AttachConnection>();

  const connect = (id: string, target: AttachTarget): AttachConnection => {
    const existing = connections.get(id);
    if (existing) return existing;
    let descriptor: number;
    try {
      descriptor = connectSeqpacket(path.join(bundleDirectory(options.runRoot, id), 'attach'));
    } catch (error) {
      if (['ENOENT', 'ECONNREFUSED'].includes(errnoCode(error) ?? '')) throw gone(id, error);
      throw error;
    }
    const connection = createAttachConnection({
      socket: adoptDescriptor(descriptor),
      target,
      limits,
      onClose: () => {
        if (connections.get(id) === connection) connections.delete(id);
      },
    });
    connections.set(id, connection);
    return connection;
  };

  return {
    attach: async (id, target) => connect(id, target).open(),
    async resize(id, { rows, columns }) {
      const control = path.join(bundleDirectory(options.runRoot, id), 'ctl');
      try {
        const descriptor = openSync(control, constants.O_WRONLY | constants.O_NONBLOCK);
        try {
          writeSync(descriptor, `1 ${rows} ${columns}\n`);
        } finally {
          closeSync(descriptor);
        }
      } catch (error) {
        if (['ENOENT', 'ENXIO', 'EPIPE'].includes(errnoCode(error) ?? '')) throw gone(id, error);
        throw error;
      }
    },
    drop: (id) => void connections.delete(id),
    close() {
      for (const connection of [...connections.values()]) connection.close();
    },
  };
}
