import { execFileSync } from 'node:child_process';
import path from 'node:path';

/** PEM files. */
export interface KeyPair {
  cert: string;
  key: string;
}

const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** A certificate authority of the test's own. */
export function makeAuthority(folder: string, name = 'authority'): KeyPair {
  const files = { cert: path.join(folder, `${name}.crt`), key: path.join(folder, `${name}.key`) };
  openssl('req', '-x509', ...curve, '-days', '2', '-subj', `/CN=${name}`, '-keyout', files.key, '-out', files.cert);
  return files;
}

/** A certificate for 127.0.0.1 and localhost, of a server and a client. */
export function makeCertificate(folder: string, name: string, authority: KeyPair): KeyPair {
  const files = { cert: path.join(folder, `${name}.crt`), key: path.join(folder, `${name}.key`) };
  const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:registry.test';
  const signed = ['-CA', authority.cert, '-CAkey', authority.key, '-addext', names];
  const of = ['-subj', `/CN=${name}`, '-days', '2', '-keyout', files.key, '-out', files.cert];
  openssl('req', '-x509', ...curve, ...signed, ...of);
  return files;
}
