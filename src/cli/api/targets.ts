/** What people type for a service or a server, looked up by the API. */
import { LvsError } from '../../errors.js';
import { canonicalAddress } from '../../model/address.js';
import { parseServiceId } from '../../model/ids.js';
import { type ApiClient, segment } from '../api-client.js';
import type { ShownDestination, ShownService } from './documents.js';

/** No more are named in a complaint. */
const MOST_NAMED = 10;

const no = (why: string): LvsError<'API_SAYS_NO'> => new LvsError('API_SAYS_NO', [why]);

/** An id, a name as status has it, or a part of a name that only one service has. @throws LvsError API_SAYS_NO */
export async function findService(api: ApiClient, text: string): Promise<ShownService> {
  if (parseServiceId(text) !== undefined) return api.get(`/v1/services/${segment(text)}`);
  const found = await api.rows<ShownService>('/v1/services', { name: text });
  const exact = found.find(({ name }) => name === text);
  if (exact !== undefined) return exact;
  const [one, ...more] = found;
  if (one === undefined) throw no(`there is no service '${text}'; 'lvsctl services' lists all`);
  if (more.length > 0) throw no(`'${text}' may be ${listed(found.map(({ name }) => name))}`);
  return one;
}

/** The destinations of a service, those that are down too. */
export const destinationsOf = (api: ApiClient, service: string): Promise<readonly ShownDestination[]> =>
  api
    .get<{ readonly items: readonly ShownDestination[] }>(`/v1/services/${segment(service)}/destinations`)
    .then(({ items }) => items);

/**
 * Real servers: `tcp 192.0.2.1:80 -> 10.0.0.1:80`; a service and a server of it; or an address with or without a port, in all services
 * that have it. @throws LvsError API_SAYS_NO
 */
export async function findServers(api: ApiClient, words: readonly string[]): Promise<readonly ShownDestination[]> {
  const [first = '', second] = words;
  const [, service, server] = / -> /.test(first) ? (/^(.*) -> (.*)$/.exec(first) ?? []) : ['', first, second];
  const found =
    service === undefined || server === undefined
      ? (await api.rows<ShownDestination>('/v1/destinations', addressQuery(first))).filter(fits(first))
      : (await destinationsOf(api, (await findService(api, service)).id)).filter(fits(server));
  const real = found.filter(({ role }) => role === 'real');
  if (real.length === 0) throw no(`there is no real server '${words.join(' ')}'; 'lvsctl services SERVICE' lists them`);
  return real;
}

/** Only those with the address, where it is one. */
function addressQuery(text: string): { readonly address?: string } {
  const address = endOf(text)?.address;
  return address === undefined ? {} : { address };
}

function fits(text: string): (one: ShownDestination) => boolean {
  const end = endOf(text);
  return (one) =>
    one.id === text ||
    (end !== undefined && one.address === end.address && (end.port === undefined || one.port === end.port));
}

/** `10.0.0.1`, `10.0.0.1:80`, `10.0.0.1-80`, `[fd00::1]:80`, `fd00::1`, `fd00::1-80` */
export function endOf(text: string): { readonly address: string; readonly port?: number } | undefined {
  const whole = canonicalAddress(text.replace(/^\[(.*)\]$/, '$1'));
  if (whole !== undefined) return { address: whole };
  const [, bracketed, plain, dashed, port] = /^(?:\[([^\]]+)\]:|([\d.]+):|([\da-f.:]+)-)(\d{1,5})$/i.exec(text) ?? [];
  const address = canonicalAddress(bracketed ?? plain ?? dashed ?? '');
  return address === undefined ? undefined : { address, port: Number(port) };
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names
    .slice(0, MOST_NAMED)
    .map((name) => `'${name}'`)
    .join(', ')}${more > 0 ? ` or ${more} others` : ''}; say which`;
}
