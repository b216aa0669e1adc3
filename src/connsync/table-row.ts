/**
 * One line of /proc/net/ip_vs_conn:
 *
 *     TCP 0A010002 9C41 0A090001 0050 0A02000B 1F90 ESTABLISHED     891
 *     UDP 0A010002 0000 0A090001 13C4 0A02000B 13C4 NONE            291 sip CALL-ID
 *
 * There is one object for all lines: a table has a million of them. What is to stay is copied.
 */
export class ConnectionRow {
  protocol = 0;
  state = 0;
  isTemplate = false;
  clientPort = 0;
  virtualPort = 0;
  destinationPort = 0;
  /** Remaining time, rounded down. */
  expiresSeconds = 0;
  persistence: { readonly engine: string; readonly data: Uint8Array } | undefined;
  readonly #ip4 = new RowBytes(4);
  readonly #ip6 = new RowBytes(16);
  bytes = this.#ip4;

  get client(): Buffer {
    return this.bytes.client;
  }

  get virtual(): Buffer {
    return this.bytes.virtual;
  }

  get destination(): Buffer {
    return this.bytes.destination;
  }

  setWidth(width: 4 | 16): RowBytes {
    this.bytes = width === 4 ? this.#ip4 : this.#ip6;
    return this.bytes;
  }

  /** Numbers as bytes of `identity`, when all fields are set. */
  seal(): void {
    const { identity, width } = this.bytes;
    identity[0] = this.state;
    identity[4 + width] = this.protocol;
    identity[5 + width] = this.isTemplate ? 1 : 0;
  }
}

/**
 * All that a line says but the time and the persistence data, as three groups of four bytes and an address each:
 *
 *     0      state     0     client's port        4       client
 *     4 + w  protocol  kind  service's port       8 + w   service
 *     8 + 2w 0         0     destination's port   12 + 2w destination
 */
export class RowBytes {
  /** Of an address, bytes: `w`. */
  readonly width: 4 | 16;
  readonly identity: Buffer;
  /** The same as numbers of the machine. */
  readonly words: Int32Array;
  /** Where in `words` protocol, kind, service and destination begin: alike for all connections of a service with a destination. */
  readonly placeAt: number;
  readonly client: Buffer;
  readonly virtual: Buffer;
  readonly destination: Buffer;

  constructor(width: 4 | 16) {
    const memory = new ArrayBuffer(3 * (4 + width));
    this.width = width;
    this.identity = Buffer.from(memory);
    this.words = new Int32Array(memory);
    this.placeAt = (4 + width) / 4;
    this.client = this.identity.subarray(4, 4 + width);
    this.virtual = this.identity.subarray(8 + width, 8 + 2 * width);
    this.destination = this.identity.subarray(12 + 2 * width);
  }
}
