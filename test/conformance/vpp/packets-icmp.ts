import { addressBytes, fixHeaderSum, put16, withTransportSum } from './packets.js';

/** Port unreachable, IPv4 or IPv6, quoting `quoted` as far as such errors do. */
export function makeUnreachable(source: string, destination: string, quoted: Uint8Array): Uint8Array {
  const isIp6 = source.includes(':');
  const body = new Uint8Array(8 + Math.min(quoted.length, isIp6 ? 1000 : 28));
  body[0] = isIp6 ? 1 : 3;
  body[1] = isIp6 ? 4 : 3;
  body.set(quoted.subarray(0, body.length - 8), 8);
  const header = new Uint8Array(isIp6 ? 40 : 20);
  if (isIp6) {
    header[0] = 0x60;
    put16(header, 4, body.length);
    header[6] = 58;
    header[7] = 64;
    header.set(addressBytes(source), 8);
    header.set(addressBytes(destination), 24);
  } else {
    header[0] = 0x45;
    put16(header, 2, 20 + body.length);
    header[8] = 64;
    header[9] = 1;
    header.set(addressBytes(source), 12);
    header.set(addressBytes(destination), 16);
    fixHeaderSum(header);
  }
  return withTransportSum(Uint8Array.from(Buffer.concat([header, body])));
}
