import type { LocalRegistryBook } from '../../registry/mirrors/local-registry-book.ts';
import type { Registries } from '../../registry/mirrors/registries.ts';
import { createRegistryClient, type RegistryClient } from '../../registry/registry-client.ts';
import type { Transport, TransportLimits } from '../../registry/transport/transport.ts';

/** What questions to registries are asked with. */
export interface RegistryParts {
  book: LocalRegistryBook;
  registries: Registries;
  transport: Transport;
  /** Names of images here with their tags, in familiar form, the newest first. */
  namesHere(): Promise<readonly string[]>;
}

/** A person waits: shorter than for a pull. Milliseconds. */
export const briskLimits: TransportLimits = { connect: 3000, answer: 6000, stall: 4000 };

/** Sends no login to anybody. */
export function anonymousClientOf({ book, transport }: RegistryParts): RegistryClient {
  const credentials = { credentialsFor: async () => undefined };
  return createRegistryClient({ transport, insecure: book.insecure, credentials });
}
