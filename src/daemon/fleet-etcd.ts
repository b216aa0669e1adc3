import { readFile } from 'node:fs/promises';
import type { FleetSettings } from '../config/fleet.js';
import { Etcd } from '../fleet/etcd.js';
import { httpTransport, type TlsFiles } from '../fleet/etcd-http.js';
import type { Clock } from '../system/clock.js';

/** The etcd of a fleet block, with what its files say now. Rejects if one of them cannot be read. */
export async function openEtcd({ endpoints, login, tls }: FleetSettings, clock: Pick<Clock, 'after'>): Promise<Etcd> {
  return new Etcd({
    endpoints,
    login: login && { user: login.user, password: await passwordOf(login.password) },
    transport: httpTransport(clock, tls && (await filesOf(tls))),
  });
}

/** A file of one line ends with its newline, which is not meant. */
const passwordOf = async (password: NonNullable<FleetSettings['login']>['password']): Promise<string> =>
  'text' in password ? password.text : (await text(password.file)).replace(/\r?\n$/, '');

const filesOf = async ({ authority, client }: NonNullable<FleetSettings['tls']>): Promise<TlsFiles> => ({
  ca: authority && (await text(authority)),
  cert: client && (await text(client.certificate)),
  key: client && (await text(client.key)),
});

const text = (path: string): Promise<string> => readFile(path, 'utf8');
