import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../system/log.js';
import { type Access, type Identity, identityOf, isReading } from './access.js';
import { pathOf } from './methods.js';
import type { Api } from './schema.js';

/** Somebody asked for a change, and what he was answered; or was refused for what he is. */
export interface AuditEntry {
  /** null: nobody knows him. */
  readonly who: string | null;
  readonly role: Identity['role'] | null;
  readonly by: Identity['by'] | null;
  /** The other end of his connection. */
  readonly from: string;
  readonly method: string;
  readonly path: string;
  /** Without its `?`; absent: none. */
  readonly query?: string;
  /** As JSON, its beginning where it is long. */
  readonly body?: string;
  readonly status: number;
  /** Of the refusal. */
  readonly code?: string;
}

export interface Audit {
  /** Never throws, and does not wait. */
  note(entry: AuditEntry): void;
}

/** Characters of a body. */
const MOST_OF_BODY = 4096;
/** Whoever is told this may not: that he tried is noted, even if he only wanted to look. */
const REFUSALS = new Set([401, 403, 429]);
export const isRefusal = ({ status }: Pick<AuditEntry, 'status'>): boolean => REFUSALS.has(status);

/** Notes before the answer leaves: who has it knows that it is written down. */
export function auditChanges(api: Api, access: Pick<Access, 'from'>, audit: Audit): void {
  api.addHook('onSend', (request, reply, payload, done) => {
    if (!isReading(request.method) || isRefusal({ status: reply.statusCode }))
      audit.note({ ...identified(request), from: access.from(request.raw), ...asked(request), ...answered(reply) });
    done(null, payload);
  });
}

const codes = new WeakMap<FastifyReply, string>();

/** Of the refusal that is about to be sent. */
export const rememberCode = (reply: FastifyReply, code: string): void => void codes.set(reply, code);

function identified(request: FastifyRequest): Pick<AuditEntry, 'who' | 'role' | 'by'> {
  const { name = null, role = null, by = null } = identityOf(request) ?? {};
  return { who: name, role, by };
}

function asked({ method, url, body }: FastifyRequest): Pick<AuditEntry, 'method' | 'path' | 'query' | 'body'> {
  const path = pathOf(url);
  const query = url.slice(path.length + 1);
  const text = body === undefined || body === null ? '' : JSON.stringify(body);
  return {
    method,
    path,
    ...(query === '' ? {} : { query: query.slice(0, MOST_OF_BODY) }),
    ...(text === '' ? {} : { body: text.slice(0, MOST_OF_BODY) }),
  };
}

function answered(reply: FastifyReply): Pick<AuditEntry, 'status' | 'code'> {
  const code = codes.get(reply);
  return { status: reply.statusCode, ...(code === undefined ? {} : { code }) };
}

/** In the log: `api.asked` what somebody wanted who may, `api.refused` the rest. */
export const logAudit = (log: Pick<Log, 'info' | 'warn'>): Audit => ({
  note({ body: _body, query: _query, ...entry }) {
    if (isRefusal(entry)) log.warn({ event: 'api.refused', ...entry });
    else log.info({ event: 'api.asked', ...entry });
  },
});
