import { hashFields } from '../model/engine.js';
import { declaredCheck, declaredDestinationCheck } from './check-schema.js';
import { count, flag, listOf, partial, text, texts } from './schema.js';

/** declare/service.ts as JSON schema: a test has the compiler compare the two. Rules of the language beyond it are told with 422. */
const port = { type: 'integer', minimum: 0, maximum: 65_535 } as const;
const seconds = { type: 'number', minimum: 0 } as const;
const address = { ...text, maxLength: 45 } as const;
const method = { type: 'string', enum: ['masquerade', 'direct-route', 'tunnel', 'l3dsr', 'full-nat'] } as const;
const dscp = { type: 'integer', minimum: 0, maximum: 63 } as const;
const family = { type: 'string', enum: ['ip4', 'ip6'] } as const;

const tunnel = {
  title: 'DeclaredTunnel',
  ...partial(
    {
      type: { type: 'string', enum: ['ipip', 'gue', 'gre'] },
      port: { ...port, description: 'UDP port of gue' },
      checksum: flag,
      remoteChecksum: flag,
    },
    'type',
  ),
} as const;

const flows = <const Do extends readonly string[]>(...words: Do) =>
  partial(
    { do: { type: 'string', enum: words }, seconds: { ...seconds, description: 'with drain, and only with it' } },
    'do',
  );

const destinationFields = {
  address,
  port,
  weight: { type: 'integer', minimum: 0, maximum: 2_147_483_647, description: 'absent: 1' },
  method,
  tunnel,
  dscp,
  upperThreshold: count,
  lowerThreshold: count,
  inhibitOnFailure: flag,
  check: declaredDestinationCheck,
} as const;

const destinationId = { ...text, description: 'that of address and port' } as const;

/** As it is told. */
export const declaredDestination = {
  title: 'DeclaredDestination',
  ...partial({ id: destinationId, ...destinationFields }, 'id', 'address', 'port'),
} as const;

/** As it is sent: the id says nothing new. */
export const wantedDestination = {
  title: 'WantedDestination',
  ...partial({ id: destinationId, ...destinationFields }, 'address', 'port'),
} as const;

/** Where the path says which it is. */
export const wantedDestinationAt = {
  title: 'WantedDestinationAt',
  ...partial({ id: destinationId, ...destinationFields }),
} as const;

const userspace = {
  title: 'DeclaredUserspace',
  ...partial({
    maglevSize: count,
    hashFields: listOf({ type: 'string', enum: hashFields }),
    stateless: flag,
    nodePort: port,
    answerArp: flag,
    icmpEcho: { type: 'string', enum: ['answer', 'kernel'] },
    interfaces: texts,
    tunnelSource: address,
    snatPool: listOf(partial({ first: address, last: address, lowestPort: port, highestPort: port }, 'first')),
    tcpTimeoutSeconds: count,
    udpTimeoutSeconds: count,
  }),
} as const;

const keyFields = {
  by: { type: 'string', enum: ['address', 'fwmark'] },
  protocol: { type: 'string', enum: ['tcp', 'udp', 'sctp', 'any'] },
  address,
  prefixLength: { type: 'integer', minimum: 0, maximum: 128, description: 'of a service that is a whole prefix' },
  port: { ...port, description: '0 or absent: all ports' },
  family: { ...family, description: 'of a mark; absent: that of its servers' },
  mark: { type: 'integer', minimum: 0, maximum: 4_294_967_295 },
} as const;

const serviceFields = {
  name: { ...text, maxLength: 255, description: 'what people call it' },
  engine: { type: 'string', enum: ['kernel', 'userspace'], description: 'absent: kernel' },
  scheduler: { ...text, maxLength: 15, description: 'absent: wlc, or maglev of the userspace engine' },
  schedulerFlags: {
    ...listOf({ type: 'string', enum: ['fallback', 'port', 'third'] }),
    description: 'sh and mh read fallback and port',
  },
  persistenceSeconds: { ...count, description: 'absent: none' },
  persistenceNetmask: { ...text, description: 'netmask (IPv4) or prefix length (IPv6)' },
  persistenceEngine: text,
  onePacket: flag,
  method: { ...method, description: 'of servers that say nothing themselves; absent: masquerade' },
  tunnel,
  dscp,
  userspace,
  delayLoopSeconds: seconds,
  quorum: count,
  hysteresis: count,
  alpha: { ...flag, description: 'servers count as down until their checks have said otherwise' },
  haSuspend: flag,
  inhibitOnFailure: flag,
  check: declaredCheck,
  sorryServer: partial({ address, port, method, tunnel, dscp }, 'address'),
  onFailure: {
    ...flows('remove', 'keep', 'cut', 'drain'),
    description: 'connections of a server that its checks took out',
  },
  onRemoval: { ...flows('remove', 'cut', 'drain'), description: 'connections of what is deleted' },
  slowStart: partial({ seconds, fromPercent: { type: 'integer', minimum: 0, maximum: 100 } }, 'seconds'),
  guardPercent: { type: 'integer', minimum: 0, maximum: 100 },
} as const;

const serviceId = { ...text, description: 'that of its key' } as const;

/** As it is told. */
export const declaredService = {
  title: 'DeclaredService',
  ...partial(
    { id: serviceId, ...keyFields, ...serviceFields, destinations: listOf(declaredDestination) },
    'id',
    'by',
    'destinations',
  ),
} as const;

/** As it is sent: ids say nothing new. */
export const wantedService = {
  title: 'WantedService',
  ...partial({ id: serviceId, ...keyFields, ...serviceFields, destinations: listOf(wantedDestination) }, 'by'),
} as const;

/** Where the path says which it is. */
export const wantedServiceAt = {
  title: 'WantedServiceAt',
  ...partial({ id: serviceId, ...keyFields, ...serviceFields, destinations: listOf(wantedDestination) }),
} as const;

type Plain = Readonly<Record<string, unknown>>;
const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of merge patches (RFC 7396) of what `schema` describes: every member may be absent, and may be null. */
export function patchOf(title: string, schema: { readonly properties: Plain }): { readonly type: 'object' } {
  const patch = { title, ...patchable(schema), type: 'object' } as const;
  return patch;
}

function patchable({ properties }: Plain): Plain {
  const members = Object.entries(properties as Plain).map(([name, one]) => [name, nullable(one as Plain)]);
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(members) };
}

/** What the patched document is, is checked when it is there. */
function nullable(schema: Plain): Plain {
  const { title: _title, ...rest } = schema;
  if (isPlain(rest['properties'])) return { ...patchable(rest), type: ['object', 'null'] };
  if (rest['oneOf'] !== undefined) return { type: ['object', 'null'] };
  const words = rest['enum'];
  return {
    ...rest,
    type: [rest['type'], 'null'].flat(),
    ...(Array.isArray(words) ? { enum: [...(words as readonly unknown[]), null] } : {}),
  };
}
