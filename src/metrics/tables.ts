import { destinationName } from '../model/destination.js';
import type { CountedDestination, CountedService } from '../model/counted.js';
import { serviceName } from '../model/service.js';
import type { FamilyName } from './families.js';
import { type Format, headOf, labelsOf, numberText, quoted, sampleName } from './text.js';

/** A destination as it is declared and in force. */
export interface DestinationState {
  /** destinationName. */
  readonly name: string;
  readonly isUp: boolean;
  /** undefined: it is in no table. */
  readonly weight: number | undefined;
}

export interface ServiceState {
  /** serviceName. */
  readonly name: string;
  /** undefined: it is of none of the file. */
  readonly virtualServer: string | undefined;
  readonly engine: string;
  readonly scheduler: string;
  readonly destinations: readonly DestinationState[];
}

/** What grows with the table. */
export interface Tables {
  readonly counted: readonly CountedService[];
  readonly states: readonly ServiceState[];
}

type Value<Row> = (row: Row) => number | bigint | undefined;

const ofService: readonly (readonly [FamilyName, Value<CountedService>])[] = [
  ['service_connections', ({ statistics }) => statistics.connections],
  ['service_in_packets', ({ statistics }) => statistics.inPackets],
  ['service_out_packets', ({ statistics }) => statistics.outPackets],
  ['service_in_bytes', ({ statistics }) => statistics.inBytes],
  ['service_out_bytes', ({ statistics }) => statistics.outBytes],
];

const ofDestination: readonly (readonly [FamilyName, Value<CountedDestination>])[] = [
  ['destination_connections', ({ statistics }) => statistics.connections],
  ['destination_in_packets', ({ statistics }) => statistics.inPackets],
  ['destination_out_packets', ({ statistics }) => statistics.outPackets],
  ['destination_in_bytes', ({ statistics }) => statistics.inBytes],
  ['destination_out_bytes', ({ statistics }) => statistics.outBytes],
  ['destination_active_connections', ({ active }) => active],
  ['destination_inactive_connections', ({ inactive }) => inactive],
];

const ofState: readonly (readonly [FamilyName, Value<DestinationState>])[] = [
  ['destination_weight', ({ weight }) => weight],
  ['destination_up', ({ isUp }) => (isUp ? 1 : 0)],
];

/** Rows of one family, and how each is labelled: made once for all families of a kind. */
interface Labelled<Row> {
  readonly rows: readonly Row[];
  readonly labels: readonly string[];
}

export interface Bounded {
  readonly services: Labelled<CountedService>;
  readonly states: Labelled<DestinationState>;
  readonly destinations: Labelled<CountedDestination>;
  readonly infos: readonly string[];
  /** Series that there is no room for. */
  readonly leftOut: number;
}

/**
 * What fits `most` series, in the order of the table: first every service, then who is up and with which weight, then what destinations count. Of one
 * service's destinations all or none.
 */
export function bounded({ counted, states }: Tables, most: number): Bounded {
  const room = new Room(most);
  const infos = room.rows(states, 1, (rows) => rows.map(infoOf));
  const services = room.rows(counted, ofService.length, (rows) => ({ rows, labels: rows.map(serviceLabels) }));
  const shownStates = room.groups(states, ofState.length, ({ name, destinations }) => ({
    rows: destinations,
    labels: destinations.map((one) => pairLabels(name, one.name)),
  }));
  const destinations = room.groups(counted, ofDestination.length, ({ key, destinations }) => {
    const name = serviceName(key);
    return { rows: destinations, labels: destinations.map((one) => pairLabels(name, destinationName(one.key))) };
  });
  return { infos, services, states: shownStates, destinations, leftOut: room.leftOut };
}

/** Counts what is given room, and what is not. */
class Room {
  leftOut = 0;
  #left: number;

  constructor(most: number) {
    this.#left = most;
  }

  rows<Row, Shown>(rows: readonly Row[], series: number, show: (rows: readonly Row[]) => Shown): Shown {
    const fitting = Math.min(rows.length, Math.floor(this.#left / series));
    this.#left -= fitting * series;
    this.leftOut += (rows.length - fitting) * series;
    return show(fitting === rows.length ? rows : rows.slice(0, fitting));
  }

  groups<Group extends { readonly destinations: readonly unknown[] }, Row>(
    groups: readonly Group[],
    series: number,
    show: (group: Group) => Labelled<Row>,
  ): Labelled<Row> {
    const all: { readonly rows: Row[]; readonly labels: string[] } = { rows: [], labels: [] };
    for (const group of groups) {
      const cost = group.destinations.length * series;
      if (cost > this.#left) {
        this.leftOut += cost;
        continue;
      }
      this.#left -= cost;
      const { rows, labels } = show(group);
      for (const row of rows) all.rows.push(row);
      for (const label of labels) all.labels.push(label);
    }
    return all;
  }
}

const infoOf = ({ name, virtualServer, engine, scheduler }: ServiceState): string =>
  `${sampleName('service')}${labelsOf({ service: name, virtual_server: virtualServer ?? '', engine, scheduler })} 1\n`;

const serviceLabels = ({ key }: CountedService): string => labelsOf({ service: serviceName(key) });

const pairLabels = (service: string, destination: string): string =>
  `{service="${quoted(service)}",destination="${quoted(destination)}"}`;

/** Rows of a piece: a millisecond's work. */
const PIECE = 500;

/** The text in pieces, so that nothing waits for all of it. */
export function* tableText({ infos, services, states, destinations }: Bounded, format: Format): Generator<string> {
  if (infos.length > 0) yield headOf('service', format);
  for (let from = 0; from < infos.length; from += PIECE) yield infos.slice(from, from + PIECE).join('');
  yield* familiesOf(ofService, services, format);
  yield* familiesOf(ofState, states, format);
  yield* familiesOf(ofDestination, destinations, format);
}

function* familiesOf<Row>(
  of: readonly (readonly [FamilyName, Value<Row>])[],
  { rows, labels }: Labelled<Row>,
  format: Format,
): Generator<string> {
  if (rows.length === 0) return;
  for (const [name, value] of of) {
    const own = sampleName(name);
    let piece = headOf(name, format);
    for (const [i, row] of rows.entries()) {
      const number = value(row);
      if (number !== undefined) piece += `${own}${labels[i]} ${numberText(number)}\n`;
      if (i % PIECE !== PIECE - 1) continue;
      yield piece;
      piece = '';
    }
    if (piece !== '') yield piece;
  }
}
