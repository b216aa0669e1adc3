import type { X509Certificate } from 'node:crypto';
import type { ApiAllow } from '../config/api-access.js';

/** What of a client's certificate matters; looked at once, when it connects. */
export interface ClientCertificate {
  /** As it is written in `allow certificate`: `dns:`, `email:`, `uri:`, `cn:`. */
  readonly names: ReadonlySet<string>;
  /** How it is called in the log. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
}

const KINDS: Readonly<Record<string, string>> = { DNS: 'dns', email: 'email', URI: 'uri' };
/** `DNS:a, URI:"b, c"`: what could be mistaken for the next one is in quotes, as JSON has them. */
const ALTERNATIVE = /([A-Za-z][\w ]*):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy;

export function clientCertificate(x509: X509Certificate): ClientCertificate {
  const { subject } = x509 as { readonly subject?: string }; // one that is empty is none
  const names = [...alternativeNames(x509.subjectAltName), ...commonNames(subject ?? '')];
  return {
    names: new Set(names),
    name: names[0] ?? `certificate ${x509.fingerprint256.slice(0, 23)}`,
    endsAt: Date.parse(x509.validTo),
  };
}

function alternativeNames(text: string | undefined): readonly string[] {
  return [...(text ?? '').matchAll(ALTERNATIVE)].flatMap(([, kind = '', value = '']) => {
    const as = KINDS[kind];
    return as === undefined ? [] : [`${as}:${value.startsWith('"') ? unquoted(value) : value}`];
  });
}

function unquoted(value: string): string {
  try {
    return String(JSON.parse(value));
  } catch {
    return '';
  }
}

/** A line for each part of the subject; a line's end within one is escaped. */
const commonNames = (subject: string): readonly string[] =>
  subject.split('\n').flatMap((line) => (line.startsWith('CN=') ? [`cn:${line.slice(3)}`] : []));

/** The first line that fits. Names of machines are the same in capitals. */
export const allowedByCertificate = (
  rules: readonly ApiAllow[],
  { names }: ClientCertificate,
): ApiAllow | undefined => {
  const lower = new Set([...names].map(comparable));
  return rules.find(({ who, name }) => who === 'certificate' && lower.has(comparable(name)));
};

const comparable = (name: string): string => (name.startsWith('dns:') ? name.toLowerCase() : name);
