import { isLvsError } from '../errors.js';
import { type Log, reasonOf } from '../system/log.js';
import { Mailbox } from '../system/mailbox.js';
import type { StateFile } from '../system/state-file.js';
import type { Sysctl } from '../system/sysctl.js';

interface Claimed {
  readonly before: string;
  readonly holders: Set<string>;
}

/**
 * Sysctls that several may need to be so: what they were comes back when the last one lets go. Kept in a file, if there is one, for the
 * process after a crash.
 */
export class SharedSysctls {
  readonly #sysctl: Sysctl;
  readonly #log: Log;
  readonly #memory: StateFile | undefined;
  readonly #mailbox = new Mailbox();
  readonly #claimed = new Map<string, Claimed>();
  #remembered: Promise<Readonly<Record<string, string>>> | undefined;

  constructor(sysctl: Sysctl, log: Log, memory: StateFile | undefined) {
    this.#sysctl = sysctl;
    this.#log = log;
    this.#memory = memory;
  }

  /** What cannot be set is logged: an interface goes on without it. */
  claim(holder: string, wanted: readonly (readonly [name: string, value: string])[]): Promise<void> {
    return this.#mailbox.post(async () => {
      for (const [name, value] of wanted) await this.#claim(holder, name, value);
      await this.#remember();
    });
  }

  /** What a process before us claimed, of these, is claimed by this holder. */
  reclaim(holder: string, isMeant: (name: string) => boolean): Promise<void> {
    return this.#mailbox.post(async () => {
      for (const [name, before] of Object.entries(await this.#before()))
        if (isMeant(name) && !this.#claimed.has(name)) this.#claimed.set(name, { before, holders: new Set([holder]) });
    });
  }

  /** Sets without a way back: of what goes with its interface. */
  async set(wanted: readonly (readonly [name: string, value: string])[]): Promise<void> {
    for (const [name, value] of wanted) await this.#write(name, value);
  }

  /** Latest first. */
  release(holder: string): Promise<void> {
    return this.#mailbox.post(async () => {
      for (const [name, { before, holders }] of [...this.#claimed].reverse()) {
        if (!holders.delete(holder) || holders.size > 0) continue;
        this.#claimed.delete(name);
        await this.#write(name, before);
      }
      await this.#remember();
    });
  }

  /** undefined: there is none of that name. */
  async read(name: string): Promise<string | undefined> {
    try {
      return await this.#sysctl.read(name);
    } catch {
      return undefined;
    }
  }

  async #claim(holder: string, name: string, value: string): Promise<void> {
    const known = this.#claimed.get(name);
    known?.holders.add(holder);
    const now = await this.read(name);
    if (now === undefined) return;
    if (known === undefined) {
      const before = (await this.#before())[name] ?? now;
      this.#claimed.set(name, { before, holders: new Set([holder]) });
    }
    if (now !== value) await this.#write(name, value);
  }

  async #write(name: string, value: string): Promise<void> {
    try {
      await this.#sysctl.write(name, value);
    } catch (error) {
      if (isLvsError(error, 'SYSCTL_ABSENT')) return; // IPv6 is not there, or the interface is gone
      this.#log.warn({ event: 'vrrp.sysctl-not-set', name, value, reason: reasonOf(error) });
    }
  }

  /** What a process before us found. */
  #before(): Promise<Readonly<Record<string, string>>> {
    this.#remembered ??= this.#readMemory();
    return this.#remembered;
  }

  async #readMemory(): Promise<Readonly<Record<string, string>>> {
    try {
      const kept: unknown = JSON.parse((await this.#memory?.read()) ?? '{}');
      const entries = Object.entries(typeof kept === 'object' && kept !== null ? kept : {});
      return Object.fromEntries(entries.filter(([, value]) => typeof value === 'string'));
    } catch (error) {
      this.#log.warn({ event: 'vrrp.not-remembered', path: this.#memory?.path, reason: reasonOf(error) });
      return {};
    }
  }

  async #remember(): Promise<void> {
    if (this.#memory === undefined) return;
    const before = Object.fromEntries([...this.#claimed].map(([name, one]) => [name, one.before]));
    try {
      if (this.#claimed.size === 0) await this.#memory.remove();
      else await this.#memory.write(JSON.stringify(before));
    } catch (error) {
      this.#log.warn({ event: 'vrrp.not-remembered', path: this.#memory.path, reason: reasonOf(error) });
    }
  }
}
