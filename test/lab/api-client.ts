import { type Answer, ask } from '../helpers/unix-http.js';

/** Where lvsd serves its API if nothing else is said. */
const SOCKET = '/run/lvsd/api.sock';

/** A request to the API of the director in the lab. @throws for every answer that is none of success */
export async function api<T = unknown>(method: string, path: string, body?: object): Promise<T> {
  const { status, text } = await asked(method, path, body);
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
  return JSON.parse(text) as T;
}

/** The same, whatever the answer. */
export const asked = (method: string, path: string, body?: object): Promise<Answer> =>
  ask(SOCKET, path, body === undefined ? { method } : { method, body });

/** What a change answers, as far as tests look at it. */
export interface Changed {
  readonly revision: number;
  readonly steps: readonly {
    readonly change: string;
    readonly service: string;
    readonly destination: string | null;
    readonly effect: string;
    readonly established: number | null;
    readonly inactive: number | null;
  }[];
  readonly pending: { readonly revision: number; readonly until: number } | null;
  readonly stored: boolean;
}

export const commit = (changes: readonly object[], more: object = {}): Promise<Changed> =>
  api<Changed>('POST', '/v1/transactions', { changes, ...more });
export const dryRun = (changes: readonly object[]): Promise<Changed> =>
  api<Changed>('POST', '/v1/transactions?dryRun=true', { changes });

export interface Entry {
  readonly revision: number;
  readonly kind: string;
  readonly who: string;
  readonly what: readonly string[];
  readonly comment: string | null;
  readonly confirmed: boolean | null;
}

/** The newest first. */
export const history = async (): Promise<readonly Entry[]> =>
  (await api<{ readonly items: readonly Entry[] }>('GET', '/v1/history')).items;

export interface DrainSeen {
  readonly id: string;
  readonly state: string;
  readonly destination: string;
  readonly connections: { readonly active: number; readonly inactive: number; readonly persistent: number };
}

export const drains = async (): Promise<readonly DrainSeen[]> =>
  (await api<{ readonly items: readonly DrainSeen[] }>('GET', '/v1/drains')).items;
