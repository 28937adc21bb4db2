import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import i18next from 'i18next';
import type { Failure } from '../../electron/bridge/failure.ts';
import { failureText, warningText } from './failure-text.ts';

const errors = (language: string) =>
  JSON.parse(
    readFileSync(fileURLToPath(new URL(`../../assets/locales/${language}/errors.json`, import.meta.url)), 'utf8'),
  );
before(() =>
  i18next.init({ lng: 'en', resources: { en: { errors: errors('en') }, 'zh-CN': { errors: errors('zh-CN') } } }),
);

const missing: Failure = {
  code: 'unavailable',
  message: 'the program conmon is not installed',
  reason: 'program.missing',
  params: { program: 'conmon', package: 'conmon' },
};

test('the reason speaks, in the language of the moment', async () => {
  assert.equal(failureText(missing), 'The program conmon is missing. Install the package conmon.');
  await i18next.changeLanguage('zh-CN');
  assert.equal(failureText(missing), '缺少程序 conmon。安装软件包 conmon。');
  await i18next.changeLanguage('en');
});

test('without a reason, or without the values of its sentence, the code speaks with the words of the engine', () => {
  const { reason: _, ...plain } = missing;
  const words = 'This is not possible now: the program conmon is not installed';
  assert.equal(failureText(plain), words);
  assert.equal(failureText({ ...missing, params: {} }), words);
  assert.equal(failureText({ ...missing, reason: 'of.a.newer-engine' }), words);
});

test('a warning is told in the language, one without a reason in the words that came', async () => {
  const loopback = { message: 'loopback only', reason: 'container.loopback-only', params: { detail: 'EPERM' } };
  await i18next.changeLanguage('zh-CN');
  assert.equal(warningText(loopback), '此处桥接网络不可用（EPERM）：这个容器只能访问自己。');
  assert.equal(warningText({ message: 'of a dockerd' }), 'of a dockerd');
});
