/** What a registry says of its failure. */
export interface RegistryError {
  /** `code` of the first error: `MANIFEST_UNKNOWN`. */
  registryCode?: string;
  /** Its words, as Docker shows them: `manifest unknown: manifest unknown`. */
  detail?: string;
}

/** Longest words that are shown: an answer may be anything, also the page of a proxy. */
const longestDetail = 500;

/** Reads the body of an error (OCI distribution spec, "Error Codes"); other JSON with `details` or `message` and plain text too. */
export function readError(body: Buffer): RegistryError {
  const text = body.toString('utf8').trim();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // a page of HTML is no help to anyone
    return text.startsWith('<') ? {} : words(text);
  }
  const { errors, details, message } = (value ?? {}) as Record<string, unknown>;
  if (Array.isArray(errors) && errors.length > 0) {
    const said = errors.map(sentenceOf).filter(Boolean);
    const first = (errors[0] as { code?: unknown } | null)?.code;
    return { ...(typeof first === 'string' && { registryCode: first }), ...words(said.join('; ')) };
  }
  const other = [details, message].find((one) => typeof one === 'string');
  return words(typeof other === 'string' ? other : '');
}

function words(text: string): RegistryError {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they would act on a terminal that shows the message
  const clean = text.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, longestDetail);
  return clean ? { detail: clean } : {};
}

function sentenceOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const kind = typeof code === 'string' ? code.toLowerCase().replaceAll('_', ' ') : '';
  return [kind, typeof message === 'string' ? message : ''].filter(Boolean).join(': ');
}
