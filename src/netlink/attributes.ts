import { align, type Growing, littleEndian, type Memory } from './bytes.js';

/** An answer that cannot be what the kernel meant. Thrown by decoders, turned into NETLINK_MALFORMED by the exchange. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

/** How one attribute's payload becomes a value and back. */
export interface Field<T> {
  /** Bytes the payload takes. */
  size(value: T): number;
  write(to: Memory, at: number, value: T): void;
  /** Throws Malformed when `length` cannot hold the value. */
  read(from: Memory, at: number, length: number): T;
}

/** A nest is written by extending, not into a known size. */
export interface Nest<T> {
  readonly table: Table;
  read(from: Memory, at: number, length: number): T;
}

export type Row = readonly [id: number, field: Field<unknown> | Nest<unknown>];

/** The attributes of one enum of a kernel header, by our name. Rows are written in table order, so the table is also the byte order on the wire. */
export type Table = Readonly<Record<string, Row>>;

type ValueOf<F> = F extends { read(from: Memory, at: number, length: number): infer V } ? V : never;

/** The object that a table describes: every attribute may be absent. */
export type Values<T extends Table> = { -readonly [K in keyof T]?: ValueOf<T[K][1]> };

const HEADER = 4;
const NESTED = 0x8000;
const TYPE_MASK = 0x3fff;

function fixed<T>(
  size: number,
  get: (from: Memory, at: number) => T,
  set: (to: Memory, at: number, value: T) => void,
): Field<T> {
  return {
    size: () => size,
    write: set,
    read(from, at, length) {
      if (length < size) throw new Malformed(`attribute of ${length} bytes where ${size} are needed`);
      return get(from, at);
    },
  };
}

export const u8 = fixed<number>(
  1,
  ({ view }, at) => view.getUint8(at),
  ({ view }, at, v) => view.setUint8(at, v),
);
export const u16 = fixed<number>(
  2,
  ({ view }, at) => view.getUint16(at, littleEndian),
  ({ view }, at, v) => view.setUint16(at, v, littleEndian),
);
/** Ports travel in network order. */
export const u16be = fixed<number>(
  2,
  ({ view }, at) => view.getUint16(at),
  ({ view }, at, v) => view.setUint16(at, v),
);
export const u32 = fixed<number>(
  4,
  ({ view }, at) => view.getUint32(at, littleEndian),
  ({ view }, at, v) => view.setUint32(at, v, littleEndian),
);
export const i32 = fixed<number>(
  4,
  ({ view }, at) => view.getInt32(at, littleEndian),
  ({ view }, at, v) => view.setInt32(at, v, littleEndian),
);
export const u32be = fixed<number>(
  4,
  ({ view }, at) => view.getUint32(at),
  ({ view }, at, v) => view.setUint32(at, v),
);
export const u64 = fixed<bigint>(
  8,
  ({ view }, at) => view.getBigUint64(at, littleEndian),
  ({ view }, at, v) => view.setBigUint64(at, v, littleEndian),
);

/** A u32 counter that is told as a bigint beside its 64-bit brothers. */
export const u32asBigint = fixed<bigint>(
  4,
  ({ view }, at) => BigInt(view.getUint32(at, littleEndian)),
  ({ view }, at, v) => view.setUint32(at, Number(v), littleEndian),
);

/** Whatever is there, copied: fields never hand out a window on memory that is written again. */
export const bytes: Field<Uint8Array> = {
  size: (value) => value.length,
  write: (to, at, value) => to.bytes.set(value, at),
  read: (from, at, length) => from.bytes.slice(at, at + length),
};

/** A flag attribute has no payload: being there is its value. */
export const flag: Field<true> = { size: () => 0, write: () => undefined, read: () => true };

/** Text ended by NUL (NLA_NUL_STRING); bytes are Latin-1, as kernel names are ASCII. */
export const text: Field<string> = {
  size: (value) => value.length + 1,
  write(to, at, value) {
    for (let i = 0; i < value.length; i++) to.bytes[at + i] = value.charCodeAt(i);
  },
  read(from, at, length) {
    let value = '';
    for (let i = at; i < at + length; i++) {
      const byte = from.bytes[i]!;
      if (byte === 0) break;
      value += String.fromCharCode(byte);
    }
    return value;
  },
};

/** Attributes inside an attribute. */
export const nest = <T extends Table>(table: T): Nest<Values<T>> => ({
  table,
  read: (from, at, length) => decodeAttributes(table, from, at, at + length),
});

/** A nest that is decoded when somebody asks: nobody pays for 20 counters of 50,000 rows that are not printed. */
export class Later<T extends Table> {
  readonly #table: T;
  readonly #from: Memory;
  readonly #at: number;
  readonly #end: number;

  constructor(table: T, from: Memory, at: number, end: number) {
    this.#table = table;
    this.#from = from;
    this.#at = at;
    this.#end = end;
  }

  /** Into `values`, which may hold defaults. Throws Malformed. */
  decode(values: Values<T> = {}): Values<T> {
    return decodeAttributes(this.#table, this.#from, this.#at, this.#end, values);
  }
}

export const laterNest = <T extends Table>(table: T): Nest<Later<T>> => ({
  table,
  read(from, at, length) {
    from.kept = true;
    return new Later(table, from, at, at + length);
  },
});

const isNest = (field: Field<unknown> | Nest<unknown>): field is Nest<unknown> => 'table' in field;

/** Appends the attributes that `values` has, in table order. */
export function encodeAttributes<T extends Table>(to: Growing, table: T, values: Values<T>): void {
  for (const name in table) {
    const value = values[name];
    if (value === undefined) continue;
    const [id, field] = table[name]!;
    if (isNest(field)) encodeNest(to, id, field.table, value as Values<Table>);
    else encodeField(to, id, field, value);
  }
}

function encodeField(to: Growing, id: number, field: Field<unknown>, value: unknown): void {
  const length = HEADER + field.size(value);
  const at = to.extend(align(length));
  u16.write(to.memory, at, length);
  u16.write(to.memory, at + 2, id);
  field.write(to.memory, at + HEADER, value);
}

function encodeNest(to: Growing, id: number, table: Table, values: Values<Table>): void {
  const at = to.extend(HEADER);
  encodeAttributes(to, table, values);
  u16.write(to.memory, at, to.length - at);
  u16.write(to.memory, at + 2, id | NESTED);
}

interface Decoder {
  readonly byId: readonly (
    | readonly [name: string, read: (from: Memory, at: number, length: number) => unknown]
    | undefined
  )[];
}

const decoders = new WeakMap<Table, Decoder>();

function decoderOf(table: Table): Decoder {
  let decoder = decoders.get(table);
  if (decoder === undefined) {
    const byId: [string, (from: Memory, at: number, length: number) => unknown][] = [];
    for (const [name, [id, field]] of Object.entries(table)) byId[id] = [name, field.read.bind(field)];
    decoder = { byId };
    decoders.set(table, decoder);
  }
  return decoder;
}

/**
 * The attributes between `at` and `end`, put into `values`, which may hold defaults. Unknown ones are passed over; a length that does not
 * fit throws Malformed.
 */
export function decodeAttributes<T extends Table>(
  table: T,
  from: Memory,
  at: number,
  end: number,
  values: Values<T> = {},
): Values<T> {
  const { byId } = decoderOf(table);
  const told: Record<string, unknown> = values;
  let position = at;
  while (position + HEADER <= end) {
    const length = from.view.getUint16(position, littleEndian);
    if (length < HEADER || position + length > end)
      throw new Malformed(`attribute of length ${length} with ${end - position} bytes left`);
    const known = byId[from.view.getUint16(position + 2, littleEndian) & TYPE_MASK];
    if (known !== undefined) told[known[0]] = known[1](from, position + HEADER, length - HEADER);
    position += align(length);
  }
  return values;
}
