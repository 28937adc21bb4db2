/** What the boot before knows and the next one asks for. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { dockerCli } from '../docker-cli.ts';
import { guestCalls } from './guest-engine.ts';

export interface ServiceFacts {
  bootId: string;
  /** Container -> when it was started. */
  startedAt: Record<string, string>;
}

const file = '/var/lib/service-facts.json';
export const keepFacts = (facts: ServiceFacts) => writeFileSync(file, JSON.stringify(facts));
export const readFacts = (): ServiceFacts => JSON.parse(readFileSync(file, 'utf8'));
export const bootId = () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** The engine that `beluga service install` installs, at its usual place. */
export function serviceDocker() {
  const folder = '/root/docker-config';
  mkdirSync(folder, { recursive: true });
  const socket = '/run/beluga/docker.sock';
  const docker = dockerCli(`unix://${socket}`, folder);
  return guestCalls(docker, socket);
}

/** The engine's program in the guest. */
export const beluga = path.join(import.meta.dirname, '../dist/engine/beluga.mjs');
