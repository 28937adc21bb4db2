import { EngineError } from '../../base/errors.ts';
import { parseEndpoint } from '../endpoint.ts';
import { createInsecureHosts } from '../insecure-hosts.ts';
import { parseReference } from '../reference.ts';
import type { RegistrySettings } from './registry-settings.ts';

function wrong(detail: string): EngineError {
  return new EngineError('invalid', `invalid registry settings: ${detail}`, {
    reason: 'registry.settings-invalid',
    params: { detail },
  });
}

/**
 * Checks settings as a client or a file gives them: shape, addresses, prefixes, each prefix once.
 *
 * @throws EngineError `invalid` (`registry.settings-invalid`, `registry.address-*`) with the place and what is wrong.
 */
export async function parseRegistrySettings(value: unknown): Promise<RegistrySettings> {
  const settings = await checkShape(value);
  const seen = new Set<string>();
  for (const { prefix, mirrors, upstream } of settings.rules) {
    checkPrefix(prefix);
    if (seen.has(prefix)) throw wrong(`there are two rules for ${prefix}`);
    seen.add(prefix);
    for (const { url } of mirrors) parseEndpoint(url);
    if (upstream !== undefined) parseEndpoint(upstream);
  }
  createInsecureHosts(settings.insecure);
  for (const [host, { ca, proxy }] of Object.entries(settings.hosts)) {
    if (ca !== undefined) checkCertificates(host, ca);
    if (typeof proxy === 'object') checkProxy(proxy.url);
  }
  for (const url of [settings.proxy?.http, settings.proxy?.https]) if (url) checkProxy(url);
  return settings;
}

/** The library is loaded where it is needed: an engine without settings starts without it. */
async function checkShape(value: unknown): Promise<RegistrySettings> {
  const z = await import('zod');
  const text = z.string().max(4096);
  const milliseconds = z.int().min(1).max(3_600_000).optional();
  const rule = z.strictObject({
    prefix: text.min(1),
    mirrors: z.array(z.strictObject({ url: text.min(1), name: text.optional(), off: z.boolean().optional() })).max(100),
    order: z.enum(['fixed', 'auto']),
    mirrorOnly: z.boolean(),
    upstream: text.min(1).optional(),
  });
  const shape = z.strictObject({
    rules: z.array(rule).max(1000),
    insecure: z.array(text.min(1)).max(1000),
    hosts: z.record(
      text.min(1),
      z.strictObject({
        ca: z
          .string()
          .max(1 << 20)
          .optional(),
        proxy: z.union([z.literal('none'), z.strictObject({ url: text.min(1) })]).optional(),
      }),
    ),
    proxy: z.strictObject({ http: text, https: text, except: text }).optional(),
    limits: z
      .strictObject({
        connect: milliseconds,
        answer: milliseconds,
        stall: milliseconds,
        hedge: milliseconds,
        floor: z.int().min(0).optional(),
        floorWindow: milliseconds,
        sick: milliseconds,
      })
      .optional(),
  });
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data as RegistrySettings;
  const [issue] = parsed.error.issues;
  throw wrong(`${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'not understood'}`);
}

/** What a name below it would be tells whether it is a registry or a part of one: alone it may be no name of an image. */
function checkPrefix(prefix: string): void {
  try {
    const { domain, path } = parseReference(`${prefix}/any`);
    if (prefix.includes('/') ? `${domain}/${path}` === `${prefix}/any` : domain === prefix) return;
  } catch {
    // told below
  }
  throw wrong(`${JSON.stringify(prefix)} is no registry and no repository: give docker.io, or ghcr.io/acme`);
}

function checkCertificates(host: string, ca: string): void {
  if (/-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(ca)) return;
  throw wrong(`the certificate authority of ${host} is not in PEM form`);
}

/** What is set is written to a file, and a secret never is. */
function checkProxy(url: string): void {
  const parsed = URL.parse(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol) || !parsed.hostname)
    throw wrong('a proxy has to be given as http://HOST:PORT');
  if (parsed.username || parsed.password)
    throw wrong('a name and password of a proxy do not belong here: set HTTPS_PROXY in the environment of the engine');
}
