import type { FastifyRequest } from 'fastify';
import { LvsError } from '../errors.js';
import type { Identity } from './access.js';

/**
 * A browser sends what a foreign page wants, with the certificate of its user, or through a forwarded socket (`ssh -L`) with the rights of
 * whoever forwards it. Such a page can neither choose these headers nor leave them away.
 * @throws LvsError API_ORIGIN
 */
export function mustBeOwnPage({ headers }: Pick<FastifyRequest, 'headers'>, by: Identity['by']): void {
  const { origin, host, 'sec-fetch-site': site } = headers;
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw new LvsError('API_ORIGIN', [`a page of another site (sec-fetch-site: ${site})`]);
  if (origin !== undefined && hostOf(origin) !== host) throw new LvsError('API_ORIGIN', [`a page of ${origin}`]);
  // TLS knows whom the browser meant; a socket does not: a name of somebody else's that he lets lead to this machine
  if (by === 'socket' && host !== undefined && !isOfThisMachine(host))
    throw new LvsError('API_ORIGIN', [`somebody who takes this for ${host}; say 'localhost'`]);
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined; // `null`: a page that has none
  }
}

/** A name without dots is nobody's in the Internet. */
const isOfThisMachine = (host: string): boolean =>
  /^([\w-]*|127(\.\d{1,3}){3}|\[::1\]|localhost\.localdomain)(:\d{1,5})?$/i.test(host);
