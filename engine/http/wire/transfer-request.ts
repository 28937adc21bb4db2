import { EngineError } from '../../base/errors.ts';
import type { BelugaTransferRequest } from '../extension-types.ts';

/** Body of POST /beluga/transfers. @throws EngineError `invalid` (`request.invalid`). */
export function transferRequestFromWire(body: unknown): BelugaTransferRequest {
  const { reference, platform } = (body ?? {}) as Record<string, unknown>;
  const detail = 'a transfer needs {"reference": TEXT, "platform": TEXT}';
  const isText = (value: unknown) => typeof value === 'string' && value.length > 0 && value.length < 4096;
  if (!isText(reference) || (platform !== undefined && !isText(platform))) {
    throw new EngineError('invalid', detail, { reason: 'request.invalid', params: { detail } });
  }
  return { reference: reference as string, ...(platform !== undefined && { platform: platform as string }) };
}
