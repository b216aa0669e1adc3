/** The slow reader of pcapng, against which what we write is judged. */
export interface Block {
  readonly type: number;
  readonly body: Uint8Array;
}

/** The slow reader: every length is looked at twice. */
export function blocksOf(bytes: Uint8Array): Block[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks: Block[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    if (length % 4 !== 0 || view.getUint32(at + length - 4, true) !== length)
      throw new Error(`block at ${at}: lengths differ`);
    blocks.push({ type: view.getUint32(at, true), body: bytes.slice(at + 8, at + length - 4) });
    at += length;
  }
  return blocks;
}

export function optionsOf(body: Uint8Array, from: number): Map<number, Uint8Array> {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const found = new Map<number, Uint8Array>();
  for (let at = from; at < body.length; ) {
    const [code, length] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    at += 4;
    if (code === 0) {
      if (at !== body.length) throw new Error('something behind the last option');
      return found;
    }
    found.set(code, body.slice(at, at + length));
    at += (length + 3) & ~3;
  }
  if (from !== body.length) throw new Error('options without an end');
  return found;
}

export const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

export function packetOf({ body }: Block) {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const length = view.getUint32(12, true);
  const options = optionsOf(body, 20 + ((length + 3) & ~3));
  return {
    interface: view.getUint32(0, true),
    realtimeNs: (BigInt(view.getUint32(4, true)) << 32n) | BigInt(view.getUint32(8, true)),
    frame: body.slice(20, 20 + length),
    originalLength: view.getUint32(16, true),
    comment: text(options.get(1)),
    flags: options.get(2)?.[0],
  };
}

const INTERFACE = 1;
const ENHANCED_PACKET = 6;
const IF_NAME = 2;

/** A file of one section. @throws if it is none, or ends within a block */
export function readPcapng(bytes: Uint8Array) {
  const blocks = blocksOf(bytes);
  return {
    interfaces: blocks
      .filter(({ type }) => type === INTERFACE)
      .map(({ body }) => text(optionsOf(body, 8).get(IF_NAME))),
    packets: blocks.filter(({ type }) => type === ENHANCED_PACKET).map(packetOf),
  };
}
