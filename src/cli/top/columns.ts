import { short } from '../amounts.js';
import type { Column } from '../table.js';
import type { Row } from './rates.js';

/** What rows are sorted by. */
export type SortKey = Exclude<keyof Row, 'id' | 'service' | 'server'>;

export interface TopColumn extends Column<Row> {
  readonly key: SortKey;
  /** Pressed to sort by it. */
  readonly press: string;
  readonly means: string;
}

const rate = (
  key: Exclude<SortKey, 'name'>,
  press: string,
  title: string,
  means: string,
  spare?: number,
): TopColumn => ({
  key,
  press,
  title,
  means,
  align: 'right',
  of: (row) => amount(row[key]),
  ...(spare === undefined ? {} : { spare }),
});

const amount = (value: number | null): string => (value === null ? '-' : short(value));

/** No value is wider than its title: nothing moves sidewards while numbers change. */
export const topColumns: readonly TopColumn[] = [
  { key: 'name', press: 'n', title: 'NAME', means: 'name', of: ({ name }) => name, least: 8 },
  rate('connections', 'c', 'CONN/S', 'new connections'),
  rate('inPackets', 'p', 'IN PKT/S', 'packets from clients', 3),
  rate('outPackets', 'P', 'OUT PKT/S', 'packets to clients', 4),
  rate('inBytes', 'b', 'IN B/S', 'bytes from clients', 1),
  rate('outBytes', 'B', 'OUT B/S', 'bytes to clients', 2),
  rate('active', 'a', 'ACTIVE', 'established connections'),
  rate('inactive', 'i', 'INACTIVE', 'other connections', 5),
];

/** Numbers from the greatest, names from A; the other way round if `isReversed`. */
export function sorted(rows: readonly Row[], key: SortKey, isReversed: boolean): readonly Row[] {
  const sign = isReversed ? -1 : 1;
  return rows.toSorted((one, other) => sign * compared(one, other, key) || (one.name < other.name ? -1 : 1));
}

function compared(one: Row, other: Row, key: SortKey): number {
  if (key === 'name') return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
  return (other[key] ?? -1) - (one[key] ?? -1);
}
