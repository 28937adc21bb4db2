import { EngineError } from '../../base/errors.ts';

/** Paths of a layer are byte strings (latin1), relative, without `.`, `..` and doubled slashes; '' is the root. */

/** Longest path and component that Linux takes. */
const longestPath = 4095;

/**
 * A name as tar has it, made relative to the layer's root: absolute names too, as Docker does.
 *
 * @throws EngineError `invalid` with reason `image.layer-escapes` where `..` leads out of the root.
 */
export function layerPath(name: string): string {
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw escapes(name);
  }
  const path = parts.join('/');
  if (path.length > longestPath || path.includes('\0')) {
    const why = path.includes('\0') ? 'has a NUL byte in it' : `is longer than ${longestPath} bytes`;
    throw new EngineError('invalid', `invalid layer: the name ${shown(name)} ${why}`, {
      reason: 'image.not-an-image',
    });
  }
  return path;
}

export function splitPath(path: string): { parent: string; base: string } {
  const slash = path.lastIndexOf('/');
  return { parent: slash < 0 ? '' : path.slice(0, slash), base: path.slice(slash + 1) };
}

export const joinPath = (parent: string, base: string) => (parent === '' ? base : `${parent}/${base}`);

export function escapes(name: string): EngineError {
  return new EngineError(
    'invalid',
    `invalid layer: ${shown(name)} is outside of the image's root filesystem; nothing was loaded`,
    {
      reason: 'image.layer-escapes',
      params: { name: shown(name) },
    },
  );
}

/** For people: the bytes read as UTF-8, long ones cut. */
export function shown(name: string): string {
  const text = Buffer.from(name, 'latin1').toString('utf8');
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

/** As the system calls take it: a string where it is ASCII (fast), else its bytes. */
export function nativeName(name: string): string | Uint8Array {
  for (let index = 0; index < name.length; index++) {
    if (name.charCodeAt(index) > 127) return Buffer.from(`${name}\0`, 'latin1');
  }
  return name;
}
