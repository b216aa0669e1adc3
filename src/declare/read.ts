import { destinationOf, type VirtualServer } from '../config/configuration.js';
import type { Diagnostic } from '../config/diagnostics.js';
import { readConfiguration } from '../config/read.js';
import { complaintsBetween } from '../config/validate.js';
import { destinationId, serviceId } from '../model/ids.js';
import { isRecord } from './lines.js';
import type { Complaint, DeclaredService } from './service.js';
import { linesOf } from './text.js';

/** A declared service as the reader of the file understands it; complaints with places in the document. */
export interface DeclaredReading {
  /** undefined: there are complaints. */
  readonly virtual: VirtualServer | undefined;
  readonly complaints: readonly Complaint[];
  /** Not wrong, and probably not meant. */
  readonly advice: readonly Complaint[];
}

const known = new WeakMap<object, DeclaredReading>();

/** Document → lines of the language → the ordinary reader. The same document is read once. `service` may be anything. Pure. */
export function readDeclared(service: DeclaredService): DeclaredReading {
  const told: unknown = service;
  if (!isRecord(told)) return read(service);
  const before = known.get(told);
  if (before !== undefined) return before;
  const reading = read(service);
  known.set(told, reading);
  return reading;
}

function read(service: DeclaredService): DeclaredReading {
  const { texts, pointers, complaints } = linesOf(service);
  if (complaints.length > 0) return { virtual: undefined, complaints, advice: [] };
  const { configuration, diagnostics } = readConfiguration({ file: fileOf(service.id), text: texts.join('\n') });
  const placed = (wanted: Diagnostic['severity']): Complaint[] =>
    diagnostics
      .filter(({ severity }) => severity === wanted)
      .map((one) => ({ pointer: pointers[one.position.line - 1] ?? '', message: sentenceOf(one) }));
  const advice = placed('warning');
  const found = configuration?.virtualServers[0];
  if (found === undefined) return { virtual: undefined, complaints: placed('error'), advice };
  const virtual = service.destinations.length === 0 ? { ...found, realServers: [] } : found;
  const misnamed = misnamedIn(service, virtual);
  return { virtual: misnamed.length === 0 ? virtual : undefined, complaints: misnamed, advice };
}

const OURS = 'declared ';
const fileOf = (id: string): string => `${OURS}${id}`;
const idOf = (file: string): string | undefined => (file.startsWith(OURS) ? file.slice(OURS.length) : undefined);

/** What is wrong between virtual servers, and was not before. `id`: of whom it is said, if that is a declared service. Pure. */
export function complaintsTogether(
  before: readonly VirtualServer[],
  after: readonly VirtualServer[],
): readonly { readonly id: string | undefined; readonly message: string }[] {
  const wrong = complaintsBetween(after).filter(({ severity }) => severity === 'error');
  if (wrong.length === 0) return [];
  const known = new Set(complaintsBetween(before).map(sentenceOf));
  return wrong
    .map((one) => ({ id: idOf(one.position.file), message: sentenceOf(one) }))
    .filter(({ message }) => !known.has(message));
}

const sentenceOf = ({ message, expected, suggestion }: Diagnostic): string =>
  `${message}${expected === undefined ? '' : `, expected ${expected}`}${suggestion === undefined ? '' : `; did you mean '${suggestion}'?`}`;

/** Ids that are not those of what they name: the paths of the API, and overrides, find things by them. */
function misnamedIn({ id, destinations }: DeclaredService, { services, realServers }: VirtualServer): Complaint[] {
  const key = services[0]!.key;
  const complaints: Complaint[] = [];
  if (serviceId(key) !== id) complaints.push({ pointer: '/id', message: `must be '${serviceId(key)}'` });
  for (const [i, server] of realServers.entries()) {
    const own = destinationId(destinationOf(key, server));
    if (destinations[i]?.id !== own)
      complaints.push({ pointer: `/destinations/${i}/id`, message: `must be '${own}', where packets reach it` });
  }
  return complaints;
}
