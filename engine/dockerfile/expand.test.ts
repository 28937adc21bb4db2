import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandWord, expandWords } from './expand.ts';

const values: Readonly<Record<string, string>> = {
  v: 'one',
  e: '',
  two: 'a b',
  path: 'src/lib/a.tar.gz',
  dots: 'a.b.c',
};
const lookup = (name: string) => values[name];
const expansion = { lookup, escapeCharacter: '\\' };
const word = (text: string) => expandWord(text, expansion);

test('variables, quotes and escapes, as a shell has them', () => {
  const cases: readonly (readonly [written: string, meant: string])[] = [
    ['plain', 'plain'],
    ['$v', 'one'],
    ['${v}x', 'onex'],
    ['$vx', ''],
    ['$v-$v', 'one-one'],
    ["'$v'", '$v'],
    ['"$v b"', 'one b'],
    ['\\$v', '$v'],
    ['"\\$v \\" \\a"', '$v " \\a'],
    ['a\\ b', 'a b'],
    ['$', '$'],
    ['a$ b', 'a$ b'],
    ['$1$@$?', ''],
    ['${v:-d}', 'one'],
    ['${e:-d}', 'd'],
    ['${e-d}', ''],
    ['${no-d $v}', 'd one'],
    ['${no:-${e:-$v}}', 'one'],
    ['${v:+s}', 's'],
    ['${e:+s}', ''],
    ['${e+s}', 's'],
    ['${no+s}', ''],
    ['${v?why}', 'one'],
    ['${path##*/}', 'a.tar.gz'],
    ['${path#*/}', 'lib/a.tar.gz'],
    ['${path%.*}', 'src/lib/a.tar'],
    ['${path%%.*}', 'src/lib/a'],
    ['${path#nothing}', 'src/lib/a.tar.gz'],
    ['${dots/./-}', 'a-b.c'],
    ['${dots//./-}', 'a-b-c'],
    ['${dots//\\./-}', 'a-b-c'],
    ['${dots//?/x}', 'xxxxx'],
    ['${no/a/b}', ''],
  ];
  for (const [written, meant] of cases) assert.equal(word(written), meant, written);
});

test('another escape character leaves the backslash alone', () => {
  assert.equal(expandWord('C:\\$v `$v', { lookup, escapeCharacter: '`' }), 'C:\\one $v');
});

test('bare blanks part words, also those of values; quoted ones do not', () => {
  const words = (text: string) => expandWords(text, expansion);
  assert.deepEqual(words('$two c'), ['a', 'b', 'c']);
  assert.deepEqual(words('"$two" \'c d\' e\\ f'), ['a b', 'c d', 'e f']);
  assert.deepEqual(words('x$two"y z"'), ['xa', 'by z']);
  assert.deepEqual(words(' $e '), []);
  assert.deepEqual(words('""'), ['']);
});

test('in a here-document quotes are characters', () => {
  assert.equal(expandWord(`it's "$v" \\$v`, { ...expansion, quotes: false }), `it's "one" $v`);
});

test('faults', () => {
  const faults: readonly (readonly [written: string, words: string])[] = [
    ["'a", 'unexpected end of statement while looking for matching single-quote'],
    ['"a', 'unexpected end of statement while looking for matching double-quote'],
    ['${v', "syntax error: missing '}'"],
    ['${', "syntax error: missing '}'"],
    ['${}', 'syntax error: bad substitution'],
    ['${v:-x', "syntax error: missing '}'"],
    ['${v:=x}', 'unsupported modifier (:=) in substitution'],
    ['${v!x}', 'unsupported modifier (!) in substitution'],
    ['${no?}', 'no: not allowed to be unset'],
    ['${e:?}', 'e: not allowed to be empty'],
    ['${no:?give it}', 'no: give it'],
  ];
  for (const [written, words] of faults) assert.throws(() => word(written), { message: words }, written);
});
