import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { constants } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { ApiTls } from '../config/api-listen.js';

/** What a listener needs of its files. */
export interface TlsMaterial {
  readonly options: SecureContextOptions;
  /** Another one: what was said of a client's certificate before may be wrong now. */
  readonly trust: string;
  /** Of our own certificate, milliseconds since 1970. */
  readonly endsAt: number;
}

const OTHERS = 0o007;

/** Reads them, and whether they fit together. @throws Error with what is wrong, and of which file */
export function readTls({ certificate, key, clientCa, clientCrl }: ApiTls): TlsMaterial {
  if ((statSync(key).mode & OTHERS) !== 0) throw new Error(`everybody may read ${key}: it is no secret any more`);
  const [cert, ca, crl] = [certificate, clientCa, clientCrl].map((path) => path && readFileSync(path));
  const options: SecureContextOptions = {
    cert,
    key: readFileSync(key),
    ...(ca === undefined ? {} : { ca }),
    ...(crl === undefined ? {} : { crl }),
    // each connection shows its certificate, and each is looked at by the rules of now
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
  try {
    createSecureContext(options);
    const { validTo } = new X509Certificate(cert ?? '');
    const trust = createHash('sha256').update(JSON.stringify([ca?.toString(), crl?.toString()]));
    return { options, trust: trust.digest('hex'), endsAt: Date.parse(validTo) };
  } catch (cause) {
    const files = [certificate, key, clientCa, clientCrl].filter((path) => path !== undefined).join(', ');
    throw new Error(`${files}: ${(cause as Error).message}`, { cause });
  }
}

/** Changes when one of these files does. */
export const stampOf = (paths: readonly (string | undefined)[]): string =>
  JSON.stringify(
    paths.map((path) => {
      const stat = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
      return stat && [stat.dev, stat.ino, stat.size, stat.mtimeMs, stat.ctimeMs];
    }),
  );
