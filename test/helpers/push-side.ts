/** Two directors that push to each other: machines, rules and owners are the real ones; files, reloads, time and the way between them are fakes. */
import { type Bundle, fingerprintOf } from '../../src/config/bundle.js';
import type { Configuration } from '../../src/config/configuration.js';
import { formatDiagnostic } from '../../src/config/diagnostics.js';
import { readConfiguration } from '../../src/config/read.js';
import { Push } from '../../src/daemon/push.js';
import type { ConfigurationSource, ReadSource } from '../../src/daemon/world.js';
import type { PeerAnswer, PeerQuestion } from '../../src/pair/questions.js';
import { FakeClock, settled } from './fake-clock.js';
import { MemoryLog } from './memory-log.js';

/** A file of a pair: only the interval of its check differs. */
export const fileWith = (interval: number | string, more = ''): string => `global_defs {
  pair_peer 10.99.0.2
  pair_key "correct horse battery staple"
  pair_accept_push
  ${more}
}
virtual_server 192.0.2.1 80 {
  lb_algo rr
  lb_kind NAT
  protocol TCP
  delay_loop ${interval}
  real_server 10.0.0.1 80 {
    TCP_CHECK {
    }
  }
}
`;

export const bundleOfText = (main: string): Bundle => ({ main, included: [] });

/** What survives a crash. */
export class FakeDisk {
  file: string;
  trial: { readonly id: string; readonly before: string } | undefined;
  doubt: readonly string[] = [];
  /** Other files, by path. */
  readonly others = new Map<string, string>();
  /** Why nothing can be written. */
  full: string | undefined;
  /** The same, as it is known before. */
  readOnly: string | undefined;

  constructor(text: string) {
    this.file = text;
  }
}

/** Where a process may be killed: it is told before it goes on. */
export type Step = (what: string) => void;

export class Killed extends Error {}

const never = (): Promise<never> => new Promise(() => undefined);

/** A director, from one start to its end. */
export class PushSide {
  readonly disk: FakeDisk;
  readonly log: MemoryLog;
  readonly push: Push;
  inForce: Bundle;
  /** Why the next reload of this text fails. */
  readonly refuses: Map<string, string>;
  isDead = false;
  readonly #name: string;
  #configuration: Configuration | undefined;
  #step: Step;

  constructor(
    name: string,
    world: TwoPushSides,
    { disk, log, refuses, step }: { disk: FakeDisk; log: MemoryLog; refuses: Map<string, string>; step: Step },
  ) {
    this.#name = name;
    this.disk = disk;
    this.log = log;
    this.refuses = refuses;
    this.#step = step;
    if (disk.trial !== undefined) [disk.file, disk.trial] = [disk.trial.before, undefined];
    this.inForce = bundleOfText(disk.file);
    this.#configuration = this.#read(disk.file).configuration;
    const source: ConfigurationSource = {
      path: '/etc/lvsd.conf',
      read: (files) => this.#read(files?.main ?? disk.file),
      readAt: (path) => this.#read(disk.others.get(path) ?? 'there is no such file'),
    };
    this.push = new Push({
      peer: { ask: (question) => world.ask(this, question) },
      reload: this,
      source,
      files: {
        unwritable: () => disk.readOnly,
        begin: (id, { before, after, doubt }) =>
          this.#at('begin', () => {
            if (disk.full !== undefined) throw new Error(disk.full);
            disk.trial = { id, before: before.main };
            disk.doubt = [...disk.doubt, ...doubt];
            disk.file = after.main;
          }),
        keep: () => this.#at('keep', () => void (disk.trial = undefined)),
        recover: () =>
          this.#at('recover', () => {
            const { trial } = disk;
            if (trial === undefined) return undefined;
            [disk.file, disk.trial] = [trial.before, undefined];
            return trial.id;
          }),
        doubts: () => Promise.resolve(disk.doubt),
        clear: () => this.#at('clear', () => void (disk.doubt = [])),
      },
      name: () => name,
      clock: world.clock,
      wallMs: () => world.wallMs(this),
      log,
    });
  }

  get configuration(): Configuration | undefined {
    return this.#configuration;
  }

  get files(): Bundle {
    return this.inForce;
  }

  get fingerprint(): string {
    return fingerprintOf(this.inForce);
  }

  /** What of the next reload is refused. */
  troubled: string | undefined;
  troubles: readonly string[] = [];

  fromSource(): Promise<void> {
    return this.#at('reload', () => this.reload());
  }

  /** As SIGHUP does. */
  reload(): void {
    const reason = this.refuses.get(this.disk.file);
    if (reason !== undefined) throw new Error(reason);
    this.inForce = bundleOfText(this.disk.file);
    this.#configuration = this.#read(this.disk.file).configuration;
    this.troubles = this.troubled === undefined ? [] : [this.troubled];
    this.troubled = undefined;
  }

  /** Each thing has a moment before and one after it. */
  async #at<T>(what: string, run: () => T): Promise<Awaited<T>> {
    await this.passes(`before ${what}`);
    const result = await run();
    await this.passes(`after ${what}`);
    return result;
  }

  async passes(what: string): Promise<void> {
    await settled();
    if (this.isDead) return never();
    this.#step(`${this.#name} ${what}`); // which may kill us
    await this.#alive();
  }

  #alive(): Promise<void> {
    return this.isDead ? never() : Promise.resolve();
  }

  #read(text: string): ReadSource {
    const { configuration, diagnostics } = readConfiguration(
      { file: '/etc/lvsd.conf', text },
      { configId: this.#name },
    );
    return { configuration, complaints: diagnostics.map(formatDiagnostic), files: bundleOfText(text) };
  }
}

export class TwoPushSides {
  readonly clock = new FakeClock();
  one: PushSide;
  two: PushSide;
  /** What becomes of a question, or of its answer: 'lost' is not told to anybody. */
  loses: (what: string) => boolean = () => false;
  /** How far the clock of the second goes ahead. */
  aheadMs = 0;
  step: Step = () => undefined;

  constructor(one: string, two = one) {
    this.one = this.#start('one', new FakeDisk(one));
    this.two = this.#start('two', new FakeDisk(two));
  }

  /** ms since some moment, for each its own. */
  wallMs(side: PushSide): number {
    return 1_000_000 + this.clock.now() + (side === this.two ? this.aheadMs : 0);
  }

  async ask(from: PushSide, question: PeerQuestion): Promise<PeerAnswer> {
    await from.passes(`asks ${question.do}`);
    const to = from === this.one ? this.two : this.one;
    if (to.isDead || from.isDead || this.loses(`question ${question.do}`)) return this.#unheard();
    const answer = await Promise.race([this.#hear(to, structuredClone(question)), this.#deathOf(to)]);
    if (answer === 'dead') return this.#unheard();
    await from.passes(`hears the answer to ${question.do}`);
    if (this.loses(`answer ${question.do}`)) return this.#unheard();
    return structuredClone(answer);
  }

  async #hear(to: PushSide, question: PeerQuestion): Promise<PeerAnswer> {
    await to.passes(`hears ${question.do}`);
    return to.push.answer(question);
  }

  kill(which: 'one' | 'two'): void {
    this[which].isDead = true;
    void this[which].push.close();
    for (const resolve of this.#dying) resolve();
  }

  /** Another process of a machine whose lvsd was killed. */
  restart(which: 'one' | 'two'): void {
    const { disk, log, refuses } = this[which];
    this[which] = this.#start(which, disk, log, refuses);
  }

  /** Time goes on until it is known how it ended; undefined: it never will be. */
  async until<T>(work: Promise<T>, mostMs = 600_000): Promise<T | undefined> {
    let ended: { readonly value: T } | { readonly error: unknown } | undefined;
    work.then(
      (value) => (ended = { value }),
      (error: unknown) => (ended = { error }),
    );
    for (let ms = 0; ms < mostMs && ended === undefined; ms += 500) await this.#pass(500);
    const result = ended as { readonly value: T } | { readonly error: unknown } | undefined;
    if (result === undefined) return undefined;
    if ('error' in result) throw result.error;
    return result.value;
  }

  /** Everything that has a time is over. */
  async rest(ms = 300_000): Promise<void> {
    for (let passed = 0; passed < ms; passed += 5000) await this.#pass(5000);
  }

  async #pass(ms: number): Promise<void> {
    for (let i = 0; i < 12; i++) await settled(); // whatever goes on takes no time
    this.clock.advance(ms);
  }

  readonly #dying: (() => void)[] = [];

  async #deathOf(side: PushSide): Promise<'dead'> {
    if (side.isDead) return 'dead';
    await new Promise<void>((resolve) => this.#dying.push(resolve));
    return this.#deathOf(side);
  }

  async #unheard(): Promise<never> {
    await new Promise<void>((resolve) => void this.clock.after(2000, resolve));
    throw new Error('the peer does not answer; nothing was changed');
  }

  #start(name: string, disk: FakeDisk, log = new MemoryLog(), refuses = new Map<string, string>()): PushSide {
    return new PushSide(name, this, { disk, log, refuses, step: (what) => this.step(what) });
  }
}
