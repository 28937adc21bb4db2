import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before } from 'node:test';
import type { DockerCli } from '../docker-cli.ts';
import { getJson, startEngine, type TestEngine } from '../engine-fixture.ts';
import { type Answer, ask, askJson, framesOf } from '../raw-http.ts';
import { sampleArchive, sampleImage } from '../sample.ts';

/**
 * Calls on an engine. In an emulated machine a process of the docker CLI takes seconds, so that most go to the socket, and
 * the CLI is called where its own words count.
 */
export interface GuestCalls {
  readonly docker: DockerCli;
  /** Values of what the API tells of a container, `State.Pid` and so on, each after a space. */
  look(name: string, ...fields: string[]): Promise<string>;
  /** Starts a container of the sample image that runs this script. `host`: of its HostConfig, `more` beside that. Gives warnings. */
  start(name: string, host: object, script: string, more?: object): Promise<string[]>;
  /** `POST /containers/NAME/CALL`. @throws Error with what was answered beside a success */
  call(name: string, call: string, body?: object): Promise<Answer>;
  /** What it wrote so far. */
  said(name: string): Promise<string>;
  /** Text of a file of the container's cgroup, as the kernel has it. */
  kernel(name: string, file: string): Promise<string>;
  /** Removes these containers. */
  remove(...names: string[]): Promise<void>;
}

export interface GuestEngine extends GuestCalls {
  readonly engine: TestEngine;
}

let users = 0;
let shared: GuestEngine | undefined;

/**
 * The one engine of a boot's tests, for the files that are bundled with this one: to start another takes as long as a
 * test. Call it where tests are registered.
 */
export function useGuestEngine(): { readonly guest: GuestEngine } {
  if (users++ === 0) {
    before(async () => {
      const engine = await startEngine();
      shared = { engine, ...guestCalls(engine.docker, engine.folders.socket) };
      await engine.docker('load', '-i', sampleArchive());
    });
    after(() => shared?.engine[Symbol.asyncDispose]());
  }
  return {
    get guest() {
      if (!shared) throw new Error('the engine did not start');
      return shared;
    },
  };
}

function succeeded(answer: Answer): Answer {
  if (answer.status >= 300) throw new Error(`${answer.status}: ${answer.text}`);
  return answer;
}

export function guestCalls(docker: DockerCli, socket: string): GuestCalls {
  const look = async (name: string, ...fields: string[]) => {
    const told = await getJson<Record<string, unknown>>(socket, `/containers/${name}/json`);
    const find = (field: string) =>
      field.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], told);
    return fields.map((field) => String(find(field))).join(' ');
  };
  const call = async (name: string, what: string, body: object = {}) =>
    succeeded(await askJson(socket, `/containers/${name}/${what}`, body));
  return {
    ...{ docker, look, call },
    async start(name, host, script, more = {}) {
      const HostConfig = { NetworkMode: 'none', ...host };
      const wanted = { Image: sampleImage, Cmd: ['sh', '-c', script], HostConfig, ...more };
      const made = succeeded(await askJson(socket, `/containers/create?name=${name}`, wanted));
      await call(name, 'start');
      return made.json<{ Warnings: string[] }>().Warnings;
    },
    async said(name) {
      const { bytes } = succeeded(await ask(socket, { path: `/containers/${name}/logs?stdout=1&stderr=1` }));
      return framesOf(bytes)
        .map(({ text }) => text)
        .join('')
        .trimEnd();
    },
    async kernel(name, file) {
      const pid = await look(name, 'State.Pid');
      const [, place = ''] = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8')) ?? [];
      return readFileSync(path.join('/sys/fs/cgroup', place, file), 'utf8').trim();
    },
    async remove(...names) {
      for (const name of names) succeeded(await ask(socket, { method: 'DELETE', path: `/containers/${name}?force=1` }));
    },
  };
}

/** The number after a name in the text of such a file. */
export const valueIn = (text: string, name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);

export const mebibyte = 1024 * 1024;
