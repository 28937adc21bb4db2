import { readFileSync } from 'node:fs';
import os from 'node:os';
import { architecture } from '../../base/architecture.ts';
import type { EngineFacts } from './system-service.ts';

/** Facts that the operating system tells. */
export function hostFacts(): Pick<
  EngineFacts,
  | 'hostname'
  | 'kernel'
  | 'operatingSystem'
  | 'operatingSystemVersion'
  | 'architecture'
  | 'cpus'
  | 'memoryBytes'
  | 'rootful'
> {
  return {
    hostname: os.hostname(),
    kernel: os.release(),
    operatingSystem: osRelease('PRETTY_NAME') || os.type(),
    operatingSystemVersion: osRelease('VERSION_ID'),
    architecture,
    cpus: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    rootful: process.geteuid?.() === 0,
  };
}

/** A line of os-release(5); empty where there is none, or no such file. */
function osRelease(name: string): string {
  try {
    const line = new RegExp(`^${name}=(.*)$`, 'm').exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';
    return line.replace(/^(["'])(.*)\1$/, '$2');
  } catch {
    return '';
  }
}
