import type { Random } from '../crash/random.ts';

export interface Schema {
  type?: string | readonly string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
}

/** Words that break readers of text. */
export const badTexts = [
  ...[
    '',
    ' ',
    '\0',
    'a\0b',
    '../../etc/passwd',
    '%',
    '%2',
    '%zz',
    '%00',
    '%2e%2e%2f',
    '{}',
    '[]',
    'null',
    '-1',
    '1e999',
  ],
  ...[
    '9'.repeat(40),
    'NaN',
    '\u202e\u{1f40b}',
    'x'.repeat(5000),
    '__proto__',
    'constructor',
    'toString',
    "';--",
    '$(id)',
  ],
  ...['\r\nX: y', '/'.repeat(300), '-9223372036854775809', '0x10', '1,5', 'true', '\ud800'],
];

export const badFilters = [
  ...[
    '{',
    '[]',
    '"x"',
    '5',
    '{"name":5}',
    '{"name":"x"}',
    '{"name":[5]}',
    '{"name":[null]}',
    '{"name":[{"toString":1}]}',
  ],
  ...['{"name":{"a":{"b":{}}}}', '{"__proto__":["x"]}', '{"nothing":["x"]}', '{"label":[""]}', '{"status":["x"]}'],
  ...['{"name":["("]}', '{"exited":["x"]}', '{"before":["nothing"]}', '{"until":["x"]}', '{"dangling":["maybe"]}'],
  `{"name":[${'['.repeat(3000)}${']'.repeat(3000)}]}`,
  `{"name":${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}}`,
];

/** A value that no reader of `schema` can want, mostly. */
function wrongValue(random: Random, schema: Schema): unknown {
  const types = [schema.type ?? []].flat();
  const all: readonly (readonly [string, unknown])[] = [
    ['string', random.pick(badTexts)],
    ['number', random.pick([-1, 0.5, 1e30, 2 ** 53, -(2 ** 63)])],
    ['boolean', random.chance(0.5)],
    ['object', { a: { b: [1] } }],
    ['array', [[[]], {}, 'x', 5]],
  ];
  const others = all.filter(([name]) => !types.includes(name) && !(name === 'number' && types.includes('integer')));
  return random.pick(others.length > 0 && random.chance(0.8) ? others : all)[1];
}

/** A body of the schema in which one field somewhere has a value of a wrong type. */
export function wrongBody(random: Random, schema: Schema): unknown {
  const names = Object.keys(schema.properties ?? {});
  if (names.length === 0 || random.chance(0.1)) {
    if (schema.items && random.chance(0.7)) return [wrongBody(random, schema.items)];
    if (typeof schema.additionalProperties === 'object' && random.chance(0.7))
      return { [random.pick(badTexts)]: wrongBody(random, schema.additionalProperties) };
    return wrongValue(random, schema);
  }
  const name = random.pick(names);
  return { [name]: wrongBody(random, schema.properties?.[name] ?? {}) };
}

const deep = (open: string, close: string, depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`;

export function badJson(random: Random): string {
  return random.pick([
    ...[
      '{',
      '[',
      '{"a"',
      '{"a":',
      '{"a":}',
      '{"a":1,}',
      '{a:1}',
      "{'a':1}",
      'undefined',
      'NaN',
      '\ufeff{}',
      '{}{}',
      '{} x',
    ],
    ...[
      '"\\ud800"',
      '{"a":"\u0001"}',
      '[1,]',
      '01',
      '.5',
      '"',
      'tru',
      '\0',
      '{"Image":"x"',
      '{"Image":"x\0y"}',
      '5',
      '[]',
      '""',
    ],
    ...[deep('[', ']', 100_000), deep('{"a":', '}', 50_000), deep('{"HostConfig":', '}', 3000), '['.repeat(200_000)],
    `{"Env":[${'"A=1",'.repeat(20_000)}"B"]}`,
    `{"Labels":{${Array.from({ length: 5000 }, (_, index) => `"k${index}":"v"`).join()}}}`,
  ]);
}
