import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { errorReasons } from '../../engine/base/error-reasons.ts';
import { errorCodes } from '../../engine/base/errors.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const languages = ['en', 'zh-CN'] as const;
/** Plural forms that each language has (CLDR), cardinal and ordinal. */
const forms = /_(?:ordinal_)?(zero|one|two|few|many|other)$/;

type Tree = { [key: string]: string | Tree };

function flatten(tree: Tree, prefix: string): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[`${prefix}.${key}`, value]] : flatten(value, `${prefix}.${key}`),
  );
}

function read(language: string, file: string): Tree {
  return JSON.parse(readFileSync(`${root}/assets/locales/${language}/${file}`, 'utf8'));
}

const files = globSync('*.json', { cwd: `${root}/assets/locales/en` });
const textsOf = (language: string) =>
  new Map(
    files
      .filter((file) => file !== 'errors.json')
      .flatMap((file) => flatten(read(language, file), basename(file, '.json'))),
  );
const keysOf = (texts: Map<string, string>) => new Set([...texts.keys()].map((key) => key.replace(forms, '')));
const texts = { en: textsOf('en'), 'zh-CN': textsOf('zh-CN') };

const sources = globSync('renderer/**/*.{ts,tsx}', { cwd: root })
  .filter((file) => !/\.test\.tsx?$|vite\.config\.ts$/.test(file))
  .map((file) => ts.createSourceFile(file, readFileSync(`${root}/${file}`, 'utf8'), ts.ScriptTarget.Latest, true));

/** Every string literal of the sources: keys are never put together from parts. */
const literals = new Set<string>();
/** Words in markup that no locale knows. */
const written: string[] = [];
/** Attributes whose value people read or hear. */
const readable = new Set(['title', 'label', 'placeholder', 'text', 'aria-label', 'alt', 'closeLabel', 'clearLabel']);

function visit(node: ts.Node, file: ts.SourceFile): void {
  if (ts.isStringLiteralLike(node)) literals.add(node.text);
  const at = () => `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}`;
  const inCode =
    ts.isJsxText(node) && ts.isJsxElement(node.parent) && node.parent.openingElement.tagName.getText() === 'code';
  if (ts.isJsxText(node) && /\p{L}/u.test(node.text) && !inCode) written.push(`${at()} ${node.text.trim()}`);
  if (ts.isJsxExpression(node) && node.expression && ts.isStringLiteralLike(node.expression)) {
    const child = ts.isJsxElement(node.parent) || ts.isJsxFragment(node.parent);
    if (child && /\p{L}/u.test(node.expression.text)) written.push(`${at()} ${node.expression.text}`);
  }
  if (ts.isJsxAttribute(node) && readable.has(node.name.getText(file)) && node.initializer) {
    const value = node.initializer;
    if (ts.isStringLiteral(value) && /\p{L}/u.test(value.text)) written.push(`${at()} ${value.text}`);
  }
  ts.forEachChild(node, (child) => visit(child, file));
}
for (const source of sources) visit(source, source);

test('the sources were read', () => {
  assert.ok(sources.length > 40 && literals.has('containers.run'));
});

test('both languages have the same files and keys, and no empty text', () => {
  assert.deepEqual(globSync('*.json', { cwd: `${root}/assets/locales/zh-CN` }).sort(), [...files].sort());
  assert.deepEqual([...keysOf(texts['zh-CN'])].sort(), [...keysOf(texts.en)].sort());
  for (const language of languages) {
    assert.deepEqual(
      [...texts[language]].filter(([, text]) => text.trim() === ''),
      [],
    );
  }
});

test('each text takes the same values in both languages', () => {
  const values = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();
  const pairs = (language: (typeof languages)[number]) =>
    new Map([...texts[language]].map(([key, text]) => [key.replace(forms, ''), values(text)]));
  assert.deepEqual(Object.fromEntries(pairs('zh-CN')), Object.fromEntries(pairs('en')));
});

test('plural texts have every form of their language', () => {
  for (const language of languages) {
    const kinds = { '': 'cardinal', ordinal_: 'ordinal' } as const;
    for (const [infix, type] of Object.entries(kinds)) {
      const needed = new Intl.PluralRules(language, { type }).resolvedOptions().pluralCategories;
      const pattern = infix === '' ? /(?<!_ordinal)_other$/ : /_ordinal_other$/;
      for (const key of texts[language].keys()) {
        if (!pattern.test(key)) continue;
        const stem = key.slice(0, -'other'.length);
        const missing = needed.filter((form) => !texts[language].has(stem + form));
        assert.deepEqual(missing, [], `${language} ${key}`);
      }
    }
  }
});

test('every key that the sources name exists', () => {
  const concerns = files.map((file) => basename(file, '.json')).filter((name) => name !== 'errors');
  const looksLikeKey = new RegExp(`^(${concerns.join('|')})\\.[a-zA-Z.]+$`);
  const keys = keysOf(texts.en);
  /** Names of methods of the bridge look alike. */
  const bridge = new Set(
    globSync('electron/bridge/*.ts', { cwd: root }).flatMap((file) =>
      [...readFileSync(`${root}/${file}`, 'utf8').matchAll(/'([a-z]+\.[a-zA-Z]+)':/g)].map(([, name]) => name ?? ''),
    ),
  );
  const unknown = [...literals].filter((text) => looksLikeKey.test(text) && !keys.has(text) && !bridge.has(text));
  assert.deepEqual(unknown, []);
});

test('every key is used', () => {
  assert.deepEqual(
    [...keysOf(texts.en)].filter((key) => !literals.has(key)),
    [],
  );
});

test('no words stand in the markup', () => {
  assert.deepEqual(written, []);
});

test('each code and reason of the engine has its sentence in both languages, and no other is there', () => {
  for (const language of languages) {
    const keys = Object.keys(read(language, 'errors.json')).sort();
    assert.deepEqual(keys, [...errorCodes, ...errorReasons].sort(), language);
  }
});
