import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../../base/errors.ts';
import type { ImageConfig } from '../images/image-service.ts';
import type { ContainerConfig } from './container-service.ts';
import { mergeConfig, processEnvironment } from './merge-config.ts';
import { signalNumber } from './signals.ts';

const asked = (own: Partial<ContainerConfig> = {}): ContainerConfig => ({
  image: 'busybox',
  environment: [],
  labels: {},
  terminal: false,
  openStdin: false,
  stdinOnce: false,
  attachStdin: false,
  attachStdout: true,
  attachStderr: true,
  exposedPorts: [],
  volumes: [],
  ...own,
});
const image: ImageConfig = {
  environment: ['A=image', 'B=image'],
  entrypoint: ['/entry', '-x'],
  command: ['serve'],
  workingDirectory: '/srv',
  user: 'www',
  labels: { a: 'image', b: 'image' },
  exposedPorts: ['80/tcp'],
  volumes: ['/data'],
  stopSignal: 'SIGQUIT',
};
const words = (own: Partial<ContainerConfig>) => {
  const { path, args } = mergeConfig(asked(own), image);
  return [path, ...args].join(' ');
};
const reason = (own: Partial<ContainerConfig>, of: ImageConfig = image) => {
  try {
    mergeConfig(asked(own), of);
  } catch (error) {
    return error instanceof EngineError ? `${error.code} ${error.message}` : error;
  }
  return 'taken';
};

test('entrypoint and command: all the ways they meet', () => {
  assert.equal(words({}), '/entry -x serve');
  assert.equal(words({ command: ['ls', '/'] }), '/entry -x ls /');
  assert.equal(words({ entrypoint: ['/own'] }), '/own', "the image's command goes with its entrypoint");
  assert.equal(words({ entrypoint: ['/own'], command: ['c'] }), '/own c');
  assert.equal(words({ entrypoint: [], command: ['c'] }), 'c');
  assert.equal(words({ entrypoint: [] }), 'serve');
  assert.equal(words({ entrypoint: [''], command: ['c'] }), 'c');
  assert.equal(reason({ entrypoint: [''] }), 'invalid no command specified');
});

test('what is asked wins, lists are united', () => {
  const { config } = mergeConfig(
    asked({ environment: ['B=own', 'C=own'], labels: { b: 'own' }, exposedPorts: ['81/tcp'], user: '5' }),
    image,
  );
  assert.deepEqual(config.environment, ['B=own', 'C=own', 'A=image']);
  assert.deepEqual(config.labels, { a: 'image', b: 'own' });
  assert.deepEqual(config.exposedPorts, ['81/tcp', '80/tcp']);
  assert.deepEqual(config.volumes, ['/data']);
  assert.deepEqual([config.user, config.workingDirectory, config.stopSignal], ['5', '/srv', 'SIGQUIT']);
  assert.equal(mergeConfig(asked({ workingDirectory: '/tmp/..//x/' }), image).config.workingDirectory, '/x');
});

test('what cannot be is refused', () => {
  assert.match(String(reason({ workingDirectory: 'rel' })), /^invalid the working directory 'rel' is invalid/);
  assert.equal(reason({ stopSignal: 'SIGFOO' }), 'invalid invalid signal: SIGFOO');
});

test('in the process environment the last wins, and a bare name takes away', () => {
  const own = asked({ environment: ['X=1', 'Y=1', 'X=2', 'Y', 'PATH=/bin', 'EMPTY='] });
  assert.deepEqual(processEnvironment(own), ['X=2', 'PATH=/bin', 'EMPTY=']);
});

test('signals by name and number', () => {
  assert.deepEqual(['SIGTERM', 'kill', '1', 'RTMIN+3', 'SIGRTMAX-1', '64'].map(signalNumber), [15, 9, 1, 37, 63, 64]);
  for (const bad of ['0', '65', 'NOPE', 'RTMAX-40', '-9', ''])
    assert.throws(() => signalNumber(bad), /invalid signal|does not support signal/);
});
