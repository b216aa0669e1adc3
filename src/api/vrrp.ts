import {
  type Api,
  count,
  type Document,
  family,
  flag,
  listOf,
  milliseconds,
  millisecondsOrNull,
  object,
  orNull,
  partial,
  text,
  textOrNull,
  texts,
} from './schema.js';

export const virtualRouter = {
  title: 'VirtualRouter',
  ...object({
    name: text,
    interface: textOrNull,
    family,
    version: { type: 'integer', enum: [2, 3] },
    vrid: count,
    role: { type: 'string', enum: ['initialize', 'backup', 'master', 'fault'] },
    fault: { ...textOrNull, description: 'why it is one' },
    waitsFor: { ...texts, description: 'what has to be known before it begins' },
    held: { ...flag, description: 'it may not become master yet' },
    priority: count,
    configuredPriority: count,
    advertMs: milliseconds,
    masterForMs: millisecondsOrNull,
    master: { ...orNull(object({ address: text, priority: count })), description: 'whom a backup hears' },
    addresses: texts,
    lastAdvertMsAgo: { ...millisecondsOrNull, description: 'the last one that was accepted' },
    sent: object({ adverts: count, refusedByKernel: count }),
    accepted: count,
    refused: {
      type: 'object',
      description: 'adverts by the reason for which they were refused',
      additionalProperties: object({ adverts: count, source: text, detail: textOrNull }),
    },
    remarks: { ...texts, description: 'odd things in what was accepted' },
    addressesInUse: {
      ...listOf(object({ address: text, mac: text })),
      description: 'who else on the link has an address of a master',
    },
  }),
} as const;

export const vrrpReport = {
  title: 'Vrrp',
  ...object({ instances: listOf(virtualRouter), groups: listOf(object({ name: text, members: texts })) }),
} as const;

const failover = {
  title: 'Failover',
  ...object({
    to: { type: 'string', enum: ['here', 'peer'] },
    routers: texts,
    tookMs: { ...milliseconds, description: 'from the question to the answer' },
  }),
} as const;

export interface Vrrp {
  /** Of this director; nothing where it holds no addresses. */
  report(): Promise<Document<typeof vrrpReport>>;
  /** @throws LvsError PAIR_NOBODY, PAIR_REFUSED */
  failover(order: {
    readonly routers: readonly string[];
    readonly to: string | undefined;
  }): Promise<Document<typeof failover>>;
}

const read = {
  operationId: 'readVrrp',
  summary: 'The virtual routers of this director',
  response: { 200: vrrpReport },
} as const;

const move = {
  operationId: 'failover',
  summary: 'Hands virtual routers over to the other director, or takes them; of a sync group all or none',
  body: orNull(
    partial({
      to: {
        ...text,
        maxLength: 255,
        description: 'here, peer, or name or address of one; absent: away from the master',
      },
      routers: { ...texts, maxItems: 255, description: 'names of instances; absent: all that are master on one side' },
    }),
  ),
  response: { 200: failover },
} as const;

export function vrrpRoutes(api: Api, vrrp: Vrrp): void {
  api.get('/v1/vrrp', { schema: read }, () => vrrp.report());
  api.post('/v1/vrrp/failover', { schema: move, config: { needs: 'operate' } }, ({ body }) =>
    vrrp.failover({ routers: body?.routers ?? [], to: body?.to }),
  );
}
