import { randomUUID } from 'node:crypto';
import type { LbReply } from '../cli/lb.js';
import type { Director } from '../director/director.js';
import { LvsError } from '../errors.js';
import { runLb } from '../lb/run.js';
import { decodeLbStore, emptyLbStore, encodeLbStore, type LbStore, tableOf } from '../lb/store.js';
import type { Effect } from '../lb/vpp/command.js';
import { noNumbers, type VppNumbers } from '../lb/vpp/numbers.js';
import { forgetIdle } from '../lb/vpp/state.js';
import { destinationName } from '../model/destination.js';
import { serviceName } from '../model/service.js';
import { flowsOf, numbersOf, type PlaceOf } from '../replay/numbers.js';
import { slotCounts } from '../replay/slots.js';
import type { Clock } from '../system/clock.js';
import { type Log, reasonOf } from '../system/log.js';
import { Mailbox, MailboxClosed } from '../system/mailbox.js';
import type { StateFile } from '../system/state-file.js';
import { Timers } from '../system/timers.js';
import type { Engine } from './engine.js';

export interface MadeOptions {
  readonly director: Pick<Director, 'keep' | 'status'>;
  readonly engine: Pick<Engine, 'forwarder' | 'status' | 'interfaces'>;
  /** Where what was made is kept over our end. */
  readonly file: Pick<StateFile, 'path' | 'read' | 'write'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Removed servers whose last flow has ended are looked for so often. */
const SETTLE_MS = 5_000;
/** A disk that was full may have room. */
const WRITE_AGAIN_MS = 60_000;

/** Load balancers made at run time, in VPP's words or ovn-nbctl's: kept in a file, and in the director's table beside those of the configuration. */
export class MadeServices {
  readonly #options: MadeOptions;
  readonly #mailbox = new Mailbox();
  readonly #timers: Timers<'settle' | 'write'>;
  #store: LbStore = emptyLbStore;
  /** What is in the file is not ours to overwrite. */
  #isUnreadable = false;

  constructor(options: MadeOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
  }

  /** What was made before we were started; the director has it before its first configuration. */
  async open(): Promise<void> {
    const { file, log } = this.#options;
    const unreadable = (reason: string): LbStore | undefined => {
      this.#isUnreadable = true;
      log.error({ event: 'made.unreadable', path: file.path, reason });
      return undefined;
    };
    const text = await file.read().catch((error: unknown) => {
      unreadable(reasonOf(error));
      return undefined;
    });
    const store = text === undefined ? undefined : (decodeLbStore(text) ?? unreadable('not of this lvsd'));
    this.#store = store ?? emptyLbStore;
    await this.#tell();
  }

  /** Words of VPP's CLI or of ovn-nbctl. What the engine then refuses is told too; the words stand, and are tried again. */
  run(words: readonly string[]): Promise<LbReply> {
    return this.#mailbox.post(async () => {
      const interfaces = new Set(await this.#options.engine.interfaces());
      const { store, out, err, effects } = runLb(this.#store, words, {
        interfaces,
        interfacesOf: interfacesOf(interfaces),
        uuid: randomUUID,
        numbers: await this.#numbers(),
      });
      if (store !== this.#store && this.#isUnreadable) throw new LvsError('MADE_UNREADABLE', [this.#options.file.path]);
      const refused = store === this.#store ? '' : await this.#keep(store);
      for (const effect of effects) await this.#carryOut(effect);
      return { out, err: err + refused };
    });
  }

  async close(): Promise<void> {
    this.#timers.disarmAll();
    await this.#mailbox.close();
  }

  /** What of it was refused, as lines. */
  async #keep(store: LbStore): Promise<string> {
    this.#store = store;
    const unwritten = await this.#write();
    return (await this.#tell()) + unwritten;
  }

  /** What is to be told if it failed; it is tried again. */
  async #write(): Promise<string> {
    const { file, log } = this.#options;
    try {
      await file.write(encodeLbStore(this.#store));
      this.#timers.disarm('write');
      return '';
    } catch (error) {
      const reason = reasonOf(error);
      log.error({ event: 'made.not-written', path: file.path, reason });
      this.#timers.arm('write', WRITE_AGAIN_MS, () => this.#background(() => this.#write()));
      return `it is done, but would not survive a restart of lvsd: ${file.path}: ${reason}\n`;
    }
  }

  #background(job: () => Promise<unknown>): void {
    this.#mailbox.post(job).catch((error: unknown) => {
      if (!(error instanceof MailboxClosed))
        this.#options.log.error({ event: 'made.not-settled', reason: reasonOf(error) });
    });
  }

  async #tell(): Promise<string> {
    const { director, engine } = this.#options;
    const isEmpty = this.#store.vpp.vips.length + this.#store.ovn.loadBalancers.length === 0;
    const interfaces = new Set(isEmpty ? [] : await engine.interfaces());
    const made = tableOf(this.#store, interfacesOf(interfaces));
    const { refused } = await director.keep(made);
    const drains = this.#store.vpp.vips.some(({ servers }) => servers.some(({ removed }) => removed));
    if (drains) this.#timers.arm('settle', SETTLE_MS, () => this.#settleLater());
    else this.#timers.disarm('settle');
    return refused
      .flatMap(({ service, change, reason }) => (made.has(service) ? [`${change}: ${reason}\n`] : []))
      .join('');
  }

  #settleLater(): void {
    this.#background(async () => {
      const numbers = await this.#numbers();
      // an engine that does not say has not said that it has none
      const vpp =
        numbers === noNumbers
          ? this.#store.vpp
          : forgetIdle(this.#store.vpp, (vip, server) => flowsOf(numbers, vip, server));
      if (vpp === this.#store.vpp) this.#timers.arm('settle', SETTLE_MS, () => this.#settleLater());
      else await this.#keep({ ...this.#store, vpp });
    });
  }

  async #carryOut(effect: Effect): Promise<void> {
    const { forwarder } = this.#options.engine;
    if (effect.do === 'flush-all') await forwarder.flush();
    else
      await forwarder.flush(
        serviceName(effect.service),
        effect.destination === undefined ? undefined : destinationName(effect.destination),
      );
  }

  async #numbers(): Promise<VppNumbers> {
    const { engine, director } = this.#options;
    const { counters } = await engine.status();
    if (counters === undefined) return noNumbers;
    const { services, destinations } = engine.forwarder.order;
    const known = director.status.known;
    const placeOf: PlaceOf = (key, destination) => {
      const service = serviceName(key);
      if (destination === undefined) return services.indexOf(service);
      const name = destinationName(destination);
      return destinations.findIndex((one) => one.service === service && one.destination === name);
    };
    return numbersOf(counters, placeOf, (key, destination) => {
      const service = known.get(serviceName(key));
      return service === undefined ? 0 : (slotCounts(service).get(destinationName(destination)) ?? 0);
    });
  }
}

/** A switch is the interface of that name. Any other name is that of a router, which is this machine: what comes in anywhere. */
const interfacesOf =
  (interfaces: ReadonlySet<string>) =>
  (name: string): readonly string[] | 'all' =>
    interfaces.has(name) ? [name] : 'all';
