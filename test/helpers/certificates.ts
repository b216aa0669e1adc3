/** Certificates made by openssl(1), for servers of tests. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** A certificate for `www.example.com` and 127.0.0.1 (or of a client) that ends in so many days; -1: it ended yesterday. */
  issue(name: string, days: number): Certificate;
}

const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const NAMES = 'subjectAltName=DNS:www.example.com,IP:127.0.0.1\n';

/** An authority whose files are in `directory`. */
export function makeAuthority(directory: string): Authority {
  const file = (name: string): string => join(directory, name);
  const [certificate, key, extensions] = [file('ca.pem'), file('ca.key'), file('extensions')];
  openssl(
    'req',
    '-x509',
    ...NEW_KEY,
    '-keyout',
    key,
    '-out',
    certificate,
    '-subj',
    '/CN=test authority',
    '-days',
    '30',
  );
  writeFileSync(extensions, NAMES);
  return {
    certificate,
    key,
    issue(name, days) {
      const made = { certificate: file(`${name}.pem`), key: file(`${name}.key`) };
      const request = file(`${name}.csr`);
      openssl('req', ...NEW_KEY, '-keyout', made.key, '-out', request, '-subj', `/CN=${name}`);
      const signed = ['-CA', certificate, '-CAkey', key, '-CAcreateserial', '-extfile', extensions];
      openssl('x509', '-req', '-in', request, ...signed, '-days', String(days), '-out', made.certificate);
      return made;
    },
  };
}
