import { isIP } from 'node:net';
import type { TlsSettings } from '../check.js';
import type { Inherited } from './common.js';
import type { Diagnostics } from '../diagnostics.js';
import { type Reader, one, switchable } from '../terms.js';
import type { Statement } from '../tree.js';
import { integer, name } from '../values.js';
import { type Block, type Vocabulary, placeIn } from '../vocabulary.js';

const absolutePath: Reader<string> = (text) =>
  text.startsWith('/') ? { value: text } : { expected: 'the absolute path of a file' };

const MOST_DAYS = 36_500;
const days = one(integer(0, MOST_DAYS));

/** What is asked of a certificate: lvsd's own words, as keepalived asks nothing. */
export const tlsWords = {
  tls_verify: switchable,
  tls_ca: one(absolutePath),
  tls_verify_name: one(name('a host name or an address')),
  certificate_warn: days,
  certificate_fail: days,
} satisfies Vocabulary;

export interface TlsNames {
  /** The name the server knows itself by: of the virtual host, if there is one. May have a port behind it. */
  readonly host: string | undefined;
  /** Whom the connection goes to. */
  readonly address: string;
  /** enable_sni and sni_name; absent: by the certificate's name if that is verified. */
  readonly sni?: string | false;
}

export function tlsOf(
  block: Block<typeof tlsWords>,
  { named }: Inherited,
  { host, address, sni }: TlsNames,
  header: Statement,
  diagnostics: Diagnostics,
): TlsSettings {
  const { values } = block;
  const { tls_verify: verifies = false, certificate_warn: warnDays, certificate_fail: failDays } = values;
  if (!verifies)
    for (const word of ['tls_ca', 'tls_verify_name'] as const)
      if (values[word] !== undefined)
        diagnostics.warning(placeIn(block, word, header), `'${word}' has no effect without 'tls_verify'`);
  if (warnDays !== undefined && failDays !== undefined && warnDays <= failDays)
    diagnostics.warning(
      placeIn(block, 'certificate_warn', header),
      `nobody is warned: the check fails ${failDays} days before the end of the certificate`,
    );
  const verifyName = values.tls_verify_name ?? hostWithoutPort(host) ?? address;
  const authority = values.tls_ca ?? named.ssl.authority;
  const serverName = sni === false ? undefined : (sni ?? (verifies ? verifyName : undefined));
  return {
    // SNI has no addresses (RFC 6066 section 3)
    ...(serverName === undefined || isIP(serverName) !== 0 ? {} : { serverName }),
    ...(verifies ? { verify: { name: verifyName, ...(authority === undefined ? {} : { authority }) } } : {}),
    ...(warnDays === undefined ? {} : { warnDays }),
    ...(failDays === undefined ? {} : { failDays }),
    ...(named.ssl.client === undefined ? {} : { client: named.ssl.client }),
  };
}

/** `www.example.com:8443` → `www.example.com`, `[2001:db8::1]:443` → `2001:db8::1`. */
export function hostWithoutPort(host: string | undefined): string | undefined {
  if (host === undefined) return undefined;
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d+)?$/.exec(host) ?? [];
  return bracketed ?? plain ?? host;
}
