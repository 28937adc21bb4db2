// JSON Schemas of the request bodies, made from the types of Docker's SDK. The result is committed, so that the sources
// run without a build; `validate.test.ts` tells when it is out of date. Run: node engine/http/wire/generate-schemas.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import generator from 'ts-json-schema-generator';

const target = new URL('./schemas.generated.json', import.meta.url);

/**
 * Docker decodes into Go structs: null is absent (taken out before the check), numbers are whole, a list of allowed
 * words is checked later and by other words than the decoder's, no field is required.
 */
function asDockerDecodes(node) {
  if (Array.isArray(node)) return node.map(asDockerDecodes);
  if (node === null || typeof node !== 'object') return node;
  const { enum: words, required: _required, anyOf, properties, ...rest } = node;
  const real = anyOf?.filter(({ type }) => type !== 'null');
  if (real?.length === 1) return asDockerDecodes({ ...rest, ...real[0] });
  const result = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, asDockerDecodes(value)]));
  if (Array.isArray(result.type)) result.type = result.type.find((type) => type !== 'null');
  if (result.type === 'number') result.type = 'integer';
  if (words && !result.type) result.type = typeof words[0];
  if (anyOf && !real?.length) throw new Error('a type of nothing but null');
  if (anyOf) result.anyOf = real.map(asDockerDecodes);
  if (properties) {
    result.properties = Object.fromEntries(
      Object.entries(properties).map(([field, schema]) => [field, fieldOf(field, schema)]),
    );
  }
  return result;
}

/** A command may be one string (Go's strslice.StrSlice). */
function fieldOf(name, schema) {
  const decoded = asDockerDecodes(schema);
  return ['Cmd', 'Entrypoint', 'Shell'].includes(name) ? { ...decoded, type: ['string', 'array'] } : decoded;
}

function generateSchemas() {
  const schema = generator
    .createGenerator({
      path: fileURLToPath(new URL('./request-bodies.ts', import.meta.url)),
      tsconfig: fileURLToPath(new URL('../../tsconfig.json', import.meta.url)),
      type: 'RequestBodies',
      skipTypeCheck: true,
      additionalProperties: true,
      jsDoc: 'none',
      topRef: false,
    })
    .createSchema('RequestBodies');
  return `${JSON.stringify(asDockerDecodes(schema), null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = generateSchemas();
  if (!process.argv.includes('--check')) writeFileSync(target, text);
  else if (JSON.stringify(JSON.parse(readFileSync(target, 'utf8'))) !== JSON.stringify(JSON.parse(text))) {
    process.stderr.write('schemas.generated.json is out of date: node engine/http/wire/generate-schemas.mjs\n');
    process.exitCode = 1;
  }
}
