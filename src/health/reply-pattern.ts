/** Bytes as hex digits, in which x stands for any digit: the payload and the reply of UDP_CHECK. Pure. */

/** `6f6B` as bytes. Digits only, an even number of them. */
export const bytesOf = (hex: string): Uint8Array => Buffer.from(hex, 'hex');

/** Whether the bytes begin as the pattern says, all of it. */
export function beginsWith(bytes: Uint8Array, pattern: string): boolean {
  const length = pattern.length / 2;
  if (bytes.length < length) return false;
  for (let i = 0; i < length; i++) {
    const byte = bytes[i]!;
    if (!fits(byte >> 4, pattern[2 * i]!) || !fits(byte & 0x0f, pattern[2 * i + 1]!)) return false;
  }
  return true;
}

const fits = (digit: number, wanted: string): boolean =>
  wanted === 'x' || wanted === 'X' || Number.parseInt(wanted, 16) === digit;
