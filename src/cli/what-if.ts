import { readConfigurationFile } from '../config/include.js';
import type { SessionRecord } from '../dataplane/session-record.js';
import { destinationName } from '../model/destination.js';
import { protocolNumber, serviceName } from '../model/service.js';
import type { Table, TableService } from '../model/table.js';
import { siteOf } from '../replay/from-file.js';
import { chooserOf, slotsOf } from '../replay/slots.js';
import { type LiveSession, type ServiceOutlook, type Supposition, whatIf, whatIfText } from '../replay/what-if.js';
import { text, type Wrong } from './arguments.js';
import type { Manner } from './ask.js';
import { linesOfFiles } from './check/excerpt.js';
import { complaintsText } from './complaints.js';
import type { Output } from './face.js';
import { describe } from './manual.js';

export interface WhatIfOrder {
  readonly supposed: Supposition;
  /** serviceName; undefined: all that have the server. */
  readonly service: string | undefined;
  readonly file: string | undefined;
}

/** What lvsctl asks the daemon for. */
export interface WhatIfRequest {
  readonly do: 'what-if';
  readonly supposed: Supposition;
  readonly service?: string;
}

/** The same as plain data, which JSON carries. */
export interface PlainOutlook extends Omit<ServiceOutlook, 'before' | 'after'> {
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
}

export const plainOutlook = (one: ServiceOutlook): PlainOutlook => ({
  ...one,
  before: Object.fromEntries(one.before),
  after: Object.fromEntries(one.after),
});

/** What the daemon answered, for people. */
export const plainOutlooksText = (supposed: Supposition, outlooks: readonly PlainOutlook[]): string =>
  whatIfText(
    supposed,
    outlooks.map((one) => ({
      ...one,
      before: new Map(Object.entries(one.before)),
      after: new Map(Object.entries(one.after)),
    })),
  );

export const whatIfRequestOf = ({ supposed, service }: WhatIfOrder): WhatIfRequest => ({
  do: 'what-if',
  supposed,
  ...(service === undefined ? {} : { service }),
});

/** Of a line of JSON; undefined: it is none. A daemon believes nobody. */
export function decodeWhatIfRequest(told: object): WhatIfRequest | undefined {
  const { supposed, service } = told as Readonly<Record<string, unknown>>;
  if (typeof supposed !== 'object' || supposed === null) return undefined;
  if (service !== undefined && typeof service !== 'string') return undefined;
  const { do: what, server, weight } = supposed as Readonly<Record<string, unknown>>;
  if (typeof server !== 'string') return undefined;
  const rest = service === undefined ? {} : { service };
  if (what === 'remove') return { do: 'what-if', supposed: { do: 'remove', server }, ...rest };
  if (what !== 'weight' || typeof weight !== 'number' || !Number.isInteger(weight)) return undefined;
  if (weight < 0 || weight > MOST_WEIGHT) return undefined;
  return { do: 'what-if', supposed: { do: 'weight', server, weight }, ...rest };
}

const MOST_WEIGHT = 2 ** 31 - 1;

export const whatIfCommand = describe(
  {
    program: 'lvsctl',
    name: 'what-if',
    summary: 'slots and live sessions that would move',
    synopsis: [
      '--remove SERVER | --weight SERVER=N [--service SERVICE]',
      '-f FILE --remove SERVER | --weight SERVER=N [--service SERVICE]',
    ],
    shares: ['control', 'json'],
    about: [
      `How many slots of hash tables and how many live sessions move if a server goes or has another weight. SERVER is 10.0.0.1:80, or
      10.0.0.1 for all of its ports. Of a FILE there are no sessions.`,
    ],
  },
  {
    options: {
      remove: { ...text, value: 'SERVER', help: 'it goes' },
      weight: { ...text, value: 'SERVER=N', help: 'it has another weight' },
      service: { ...text, value: 'SERVICE', fills: 'service', help: "of this one alone, such as 'tcp 192.0.2.1:80'" },
      file: {
        ...text,
        short: 'f',
        value: 'FILE',
        fills: 'file',
        help: 'of a configuration, not of the director that runs',
      },
    },
    read: ({ remove, weight, service, file }): WhatIfOrder | Wrong => {
      const supposed = suppositionOf(remove, weight);
      return 'wrong' in supposed ? supposed : { supposed, service, file };
    },
  },
);

function suppositionOf(remove: string | undefined, weight: string | undefined): Supposition | Wrong {
  if ((remove === undefined) === (weight === undefined))
    return { wrong: 'what if what? --remove SERVER, or --weight SERVER=N' };
  if (remove !== undefined) return { do: 'remove', server: remove };
  const [, server = '', digits = ''] = /^(.+)=(\d{1,10})$/.exec(weight ?? '') ?? [];
  if (server === '' || Number(digits) > MOST_WEIGHT) return { wrong: `--weight is SERVER=N, not '${weight ?? ''}'` };
  return { do: 'weight', server, weight: Number(digits) };
}

/** `what-if -f FILE`. Answers with the exit status. */
export function whatIfOfFile(
  order: WhatIfOrder,
  file: string,
  { json }: Pick<Manner, 'json'>,
  output: Output,
  environment: NodeJS.ProcessEnv,
): number {
  const reading = readConfigurationFile(file, { environment });
  output.err(complaintsText(reading.diagnostics, { lines: linesOfFiles() }));
  if (reading.configuration === undefined) return 1;
  const outlooks = outlooksOf(siteOf(reading.configuration).table, [], order);
  if (outlooks.length === 0) {
    output.err(`lvsctl: ${nobodyHas(order)}\n`);
    return 1;
  }
  output.out(json ? whatIfJson(outlooks) : whatIfText(order.supposed, outlooks));
  return 0;
}

export const nobodyHas = ({ supposed, service }: Pick<WhatIfOrder, 'supposed' | 'service'>): string =>
  `${service === undefined ? 'no service' : `${service} is no service, or none that`} has server '${supposed.server}'`;

/** The answer, wherever table and sessions come from. Pure. */
export function outlooksOf(
  table: Table,
  sessions: readonly LiveSession[],
  { supposed, service }: Pick<WhatIfOrder, 'supposed' | 'service'>,
): readonly ServiceOutlook[] {
  const services = [...table.values()].filter(({ key }) => service === undefined || serviceName(key) === service);
  return whatIf(services, supposed, { slotsOf, chooserOf }, sessions);
}

export const whatIfJson = (outlooks: readonly ServiceOutlook[]): string =>
  `${JSON.stringify(outlooks.map(plainOutlook))}\n`;

/** Sessions as the engine tells them. `services`: names in the order of its services image. */
export function liveSessionsOf(
  records: readonly SessionRecord[],
  services: readonly string[],
  table: Table,
): readonly LiveSession[] {
  return records.flatMap((record) => {
    const { client, vip, destination, protocol, affinity, gone } = record;
    const service = nameOf(record, services, table);
    if (affinity || gone || destination === undefined || service === undefined) return [];
    return [{ service, server: destinationName(destination), flow: { client, virtual: vip, protocol } }];
  });
}

/** The image's place, or for a session that another engine had the service with its address. */
function nameOf(
  { service, vip, protocol }: SessionRecord,
  services: readonly string[],
  table: Table,
): string | undefined {
  if (service !== undefined) return services[service];
  const fits = ({ key }: TableService): boolean =>
    key.by === 'address' &&
    key.address === vip.address &&
    key.port === vip.port &&
    protocolNumber(key.protocol) === protocol;
  const found = [...table.values()].find(fits);
  return found === undefined ? undefined : serviceName(found.key);
}
