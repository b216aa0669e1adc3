import { count, flag, listOf, partial, text } from './schema.js';

const port = { type: 'integer', minimum: 0, maximum: 65_535 } as const;
const seconds = { type: 'number', minimum: 0 } as const;
const address = { ...text, maxLength: 45 } as const;
const hexadecimal = { ...text, maxLength: 65_536, description: 'hexadecimal digits' } as const;

const common = {
  intervalSeconds: { ...seconds, description: "absent: the service's delayLoopSeconds" },
  retries: count,
  delayBeforeRetrySeconds: seconds,
  rise: count,
  warmupSeconds: seconds,
  connectTimeoutSeconds: seconds,
  connectAddress: address,
  connectPort: port,
  bindAddress: address,
  mark: { ...count, description: "SO_MARK of the probe's packets" },
  viaForwarding: flag,
} as const;

const tls = {
  verify: flag,
  authority: { ...text, description: 'path of a PEM file on the director' },
  verifyName: text,
  certificateWarnDays: count,
  certificateFailDays: count,
} as const;

const url = {
  title: 'DeclaredUrl',
  ...partial(
    {
      path: text,
      virtualHost: text,
      statusCodes: { ...listOf(text), description: '200, 200-299; absent: 200-299' },
      digest: { ...text, description: 'MD5, 32 hexadecimal digits' },
      regex: text,
      regexAbsent: { ...flag, description: 'it must not be found' },
    },
    'path',
  ),
} as const;

const http = {
  ...common,
  virtualHost: text,
  protocol: { type: 'string', enum: ['1.0', '1.0C', '1.1', '2'] },
  fastRecovery: flag,
  urls: { ...listOf(url), minItems: 1 },
} as const;

const ofType = <const Type extends string>(type: Type) => ({ type: { type: 'string', enum: [type] } }) as const;

const kinds = [
  { title: 'TcpCheck', ...partial({ ...ofType('tcp'), ...common }, 'type') },
  { title: 'HttpCheck', ...partial({ ...ofType('http'), ...http }, 'type', 'urls') },
  {
    title: 'HttpsCheck',
    ...partial({ ...ofType('https'), ...http, ...tls, serverName: { ...text, description: 'SNI' } }, 'type', 'urls'),
  },
  {
    title: 'UdpCheck',
    ...partial(
      {
        ...ofType('udp'),
        ...common,
        payload: hexadecimal,
        reply: { ...hexadecimal, description: 'hexadecimal digits, x for any; absent: silence is success' },
        minReplyLength: count,
        maxReplyLength: count,
      },
      'type',
    ),
  },
  { title: 'PingCheck', ...partial({ ...ofType('ping'), ...common }, 'type') },
  { title: 'DnsCheck', ...partial({ ...ofType('dns'), ...common, recordType: text, name: text }, 'type') },
  { title: 'SmtpCheck', ...partial({ ...ofType('smtp'), ...common, heloName: text }, 'type') },
  {
    title: 'GrpcCheck',
    ...partial({ ...ofType('grpc'), ...common, ...tls, service: text, host: text, tls: flag }, 'type'),
  },
] as const;

const noCheck = { title: 'NoCheck', ...partial(ofType('none'), 'type') } as const;

/** Which one it is says its `type`; complaints are about that one alone. */
const discriminator = { propertyName: 'type' } as const;

/** No script runs because somebody declared it: those are the file's. */
export const declaredCheck = { title: 'DeclaredCheck', type: 'object', discriminator, oneOf: kinds } as const;

/** Of a destination: none: not even the service's. */
export const declaredDestinationCheck = {
  title: 'DeclaredDestinationCheck',
  type: 'object',
  discriminator,
  oneOf: [...kinds, noCheck],
} as const;
