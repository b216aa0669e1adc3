import { LvsError } from '../errors.js';
import { decodeAttributes, Malformed, text, u16, u32 } from './attributes.js';
import { encodeAttributes } from './attributes.js';
import type { Growing, Memory } from './bytes.js';
import { KernelRefusal } from './errno.js';
import type { Exchange } from './exchange.js';
import { messageFlag } from './message.js';

/** NETLINK_GENERIC of <linux/netlink.h>. */
export const NETLINK_GENERIC = 16;

/** struct genlmsghdr: command u8 | version u8 | reserved u16. */
const GENL_HEADER_BYTES = 4;

/** nlctrl, the family that knows the others, has a fixed number. */
const CONTROL_FAMILY = 16;
const CTRL_CMD_GETFAMILY = 3;
/** enum of CTRL_ATTR_*. */
const controlAttrs = { id: [1, u16], name: [2, text], version: [3, u32] } as const;

/** The kernel has no family of that name: its module is not there, or was unloaded. */
export class FamilyMissing extends Error {
  override readonly name = 'FamilyMissing';

  constructor(family: string, cause: KernelRefusal) {
    super(`the kernel has no generic netlink family ${family}`, { cause });
  }
}

/** One command of a generic netlink family. */
export interface GenericRequest<T> {
  readonly operation: string;
  readonly command: number;
  readonly dump?: boolean;
  readonly repeatable: boolean;
  readonly write?: (to: Growing) => void;
  readonly read?: (from: Memory, at: number, end: number) => T | undefined;
}

/**
 * A family by name. Its number is asked for once, and again when the kernel no longer knows it: a module that was reloaded
 * comes back under another number.
 */
export class GenericFamily {
  readonly #exchange: Exchange;
  readonly #name: string;
  readonly #version: number;
  #id: number | undefined;
  #resolving: Promise<number> | undefined;

  constructor(exchange: Exchange, name: string, version: number) {
    this.#exchange = exchange;
    this.#name = name;
    this.#version = version;
  }

  /** The family's number. Rejects with FamilyMissing if the kernel has no such family. */
  resolve(): Promise<number> {
    this.#resolving ??= this.#askId().finally(() => {
      this.#resolving = undefined;
    });
    return this.#resolving;
  }

  /** Rejects with KernelRefusal, FamilyMissing, or what the exchange rejects with. */
  ask<T>(request: GenericRequest<T>): Promise<T[]> {
    const id = this.#id;
    if (id === undefined) return this.resolve().then(() => this.ask(request));
    return this.#exchange.ask(this.#message(id, request)).catch((error: unknown) => this.#askAnew(id, request, error));
  }

  /** ENOENT is also an answer of commands ("no such scheduler"): only a changed number makes it worth another try. */
  async #askAnew<T>(id: number, request: GenericRequest<T>, error: unknown): Promise<T[]> {
    const unknownFamily = error instanceof KernelRefusal && (error.errno === 'ENOENT' || error.errno === 'EOPNOTSUPP');
    if (!unknownFamily || (await this.resolve()) === id) throw error;
    return this.ask(request);
  }

  #message<T>(type: number, request: GenericRequest<T>) {
    return {
      operation: request.operation,
      type,
      flags: request.dump === true ? messageFlag.dump : 0,
      repeatable: request.repeatable,
      write: (to: Growing) => {
        writeGenericHeader(to, request.command, this.#version);
        request.write?.(to);
      },
      read: (from: Memory, at: number, end: number): T | undefined => {
        if (at + GENL_HEADER_BYTES > end) throw new Malformed('message shorter than its generic netlink header');
        return request.read?.(from, at + GENL_HEADER_BYTES, end);
      },
    };
  }

  async #askId(): Promise<number> {
    const [id] = await this.#exchange
      .ask<number>({
        operation: `find family ${this.#name}`,
        type: CONTROL_FAMILY,
        repeatable: true,
        write: (to) => {
          writeGenericHeader(to, CTRL_CMD_GETFAMILY, 1);
          encodeAttributes(to, controlAttrs, { name: this.#name });
        },
        read: (from, at, end) => decodeAttributes(controlAttrs, from, at + GENL_HEADER_BYTES, end).id,
      })
      .catch((cause: unknown) => {
        throw cause instanceof KernelRefusal && cause.errno === 'ENOENT' ? new FamilyMissing(this.#name, cause) : cause;
      });
    if (id === undefined) throw new LvsError('NETLINK_MALFORMED', [`find family ${this.#name}`, 'no number in it']);
    this.#id = id;
    return id;
  }
}

function writeGenericHeader(to: Growing, command: number, version: number): void {
  const at = to.extend(GENL_HEADER_BYTES);
  to.memory.view.setUint8(at, command);
  to.memory.view.setUint8(at + 1, version);
}
