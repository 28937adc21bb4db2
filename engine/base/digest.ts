/** A content digest of the OCI image spec (descriptor.md, "Digests"); only sha256 is made and taken here. */
export type Digest = `sha256:${string}`;

/** Whether `value` is a well-formed sha256 digest. */
export function isDigest(value: string): value is Digest {
  return /^sha256:[0-9a-f]{64}$/.test(value);
}
