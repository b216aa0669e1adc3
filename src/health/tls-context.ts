import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { TlsSettings } from '../config/check.js';

/** The files of a check's TLS, loaded. @throws Error why they cannot be. */
export type TlsContext = (settings: TlsSettings) => SecureContext;

interface Loaded {
  readonly context: SecureContext;
  /** When each file was changed last. */
  readonly version: string;
}

/** Where the distributions keep the authorities that the machine trusts; Node would take its own. */
const AUTHORITIES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * Contexts by the files they are made of: a hundred authorities are parsed once and not at each attempt. A file that changed is
 * read again; if what is in it now cannot be used (half of a renewal), what was in it before is, for as long as that is so.
 */
export function openTlsContexts(): TlsContext {
  const loaded = new Map<string, Loaded>();
  return (settings) => {
    const { client, verify } = settings;
    const authority = verify === undefined ? undefined : (verify.authority ?? systemAuthorities());
    const paths = [client?.certificate, client?.key, authority];
    const key = JSON.stringify([...paths, client?.password]);
    const version = paths.map(changedAt).join();
    const before = loaded.get(key);
    if (before?.version === version) return before.context;
    try {
      const context = load(settings, authority);
      loaded.set(key, { context, version });
      return context;
    } catch (error) {
      if (before === undefined) throw error;
      return before.context;
    }
  };
}

/** Old servers are checked too: the newest version that both have is used anyhow. */
function load({ client }: TlsSettings, authority: string | undefined): SecureContext {
  return createSecureContext({
    minVersion: 'TLSv1',
    ...(authority === undefined ? {} : { ca: readFileSync(authority) }),
    ...(client === undefined ? {} : { cert: readFileSync(client.certificate), key: readFileSync(client.key) }),
    ...(client?.password === undefined ? {} : { passphrase: client.password }),
  });
}

const changedAt = (path: string | undefined): number =>
  path === undefined ? 0 : (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);

const systemAuthorities = (): string | undefined => AUTHORITIES.find((path) => changedAt(path) !== 0);
