import { LvsError } from '../errors.js';
import type { Family } from '../model/address.js';
import { decodeAttributes, encodeAttributes, u8, u16be } from '../netlink/attributes.js';
import { KernelRefusal } from '../netlink/errno.js';
import type { Exchange } from '../netlink/exchange.js';
import { FamilyMissing, GenericFamily } from '../netlink/generic.js';
import { AF_INET, AF_INET6 } from './uapi.js';

/** FOU_ATTR_* of <linux/fou.h>. */
const fouAttrs = { port: [1, u16be], family: [2, u8], type: [4, u8] } as const;
/** FOU_CMD_*. */
const command = { add: 1, delete: 2, get: 3 } as const;
/** FOU_ENCAP_GUE. */
const GUE = 2;

/** A UDP port on which this machine opens GUE packets; what is inside goes on as if it had come in an IP tunnel. */
export interface DecapsulationPort {
  readonly family: Family;
  readonly port: number;
}

/** The kernel's fou: ports that receive what IPVS sends as tunnel type gue. */
export class DecapsulationPorts {
  readonly #fou: GenericFamily;

  constructor(exchange: Exchange) {
    this.#fou = new GenericFamily(exchange, 'fou', 1);
  }

  /** None where the kernel has no fou, or not loaded. */
  async list(): Promise<DecapsulationPort[]> {
    try {
      return await this.#fou.ask({
        operation: 'list GUE ports',
        command: command.get,
        dump: true,
        repeatable: true,
        read(from, at, end) {
          const { port, family, type } = decodeAttributes(fouAttrs, from, at, end);
          return port === undefined || type !== GUE ? undefined : { port, family: family === AF_INET6 ? 'ip6' : 'ip4' };
        },
      });
    } catch (cause) {
      if (cause instanceof FamilyMissing) return [];
      throw explain(cause, 'list GUE ports', '');
    }
  }

  /** @throws LvsError LINK_EXISTS, LINK_NO_PERMISSION, LINK_REFUSED */
  add(port: DecapsulationPort): Promise<void> {
    return this.#change('open GUE port', command.add, port);
  }

  /** A port that is not open: LINK_REFUSED. @throws LvsError LINK_NO_PERMISSION, LINK_REFUSED */
  delete(port: DecapsulationPort): Promise<void> {
    return this.#change('close GUE port', command.delete, port);
  }

  async #change(operation: string, number: number, { family, port }: DecapsulationPort): Promise<void> {
    const attributes = { port, family: family === 'ip4' ? AF_INET : AF_INET6, type: GUE };
    try {
      await this.#fou.ask({
        operation,
        command: number,
        repeatable: false,
        write: (to) => encodeAttributes(to, fouAttrs, attributes),
      });
    } catch (cause) {
      throw explain(cause, operation, `${port} (${family === 'ip4' ? 'IPv4' : 'IPv6'})`);
    }
  }
}

const reasons: Readonly<Record<string, string>> = {
  EAFNOSUPPORT: "the kernel's fou has no IPv6; load it with 'modprobe fou6'",
  EPFNOSUPPORT: "the kernel's fou has no IPv6; load it with 'modprobe fou6'",
  EADDRINUSE: 'the port is in use',
};

/** The catalogue's error for a kernel's no. Transport failures pass as they are. */
function explain(cause: unknown, operation: string, object: string): unknown {
  if (cause instanceof FamilyMissing)
    return new LvsError('LINK_REFUSED', [operation, object, "the kernel has no fou; load it with 'modprobe fou'"], {
      cause,
    });
  if (!(cause instanceof KernelRefusal)) return cause;
  if (cause.errno === 'EPERM') return new LvsError('LINK_NO_PERMISSION', [operation], { cause });
  if (cause.errno === 'EALREADY') return new LvsError('LINK_EXISTS', [operation, object], { cause });
  return new LvsError('LINK_REFUSED', [operation, object, reasons[cause.errno] ?? cause.words ?? cause.errno], {
    cause,
  });
}
