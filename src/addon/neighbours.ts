import type { Family } from '../model/address.js';
import type { Cancel } from '../system/clock.js';
import { addon } from './addon.js';

/** Of one interface at a time, so that a flood on one leaves room for everything else. */
const MOST_AT_ONCE = 16;
/** Longer ones are nothing that anybody wants to know. */
const buffer = new Uint8Array(1024);

/**
 * What AdvertPort.hearNeighbours promises, by the native socket. Bytes are valid during the call only.
 * @throws { code, errno, syscall }
 */
export function hearNeighbours(
  interfaceName: string,
  family: Family,
  heard: (message: Uint8Array, hopLimit: number) => void,
): Cancel {
  const handle = new (addon().DatagramHandle)('neighbours', family);
  let isOpen = true;
  const close = (): void => {
    isOpen = false;
    handle.close();
  };
  try {
    handle.bindToDevice(interfaceName);
    handle.watch(() => {
      for (let i = 0; i < MOST_AT_ONCE && isOpen; i++) {
        const length = handle.receive(buffer);
        if (length < 0) return;
        heard(buffer.subarray(0, length), handle.ttl);
      }
    });
    return close;
  } catch (error) {
    close();
    throw error;
  }
}
