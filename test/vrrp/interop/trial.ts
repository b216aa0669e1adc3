import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Test } from 'tap';
import { findProgram } from '../../helpers/program.js';
import { Frr } from './frr.js';
import { Keepalived } from './keepalived.js';
import { Lvsd } from './lvsd.js';
import { type Kind, type Pair, speechesOf, titleOf } from './matrix.js';
import type { VirtualRouter } from './router.js';
import { askedAddress, type RouterSettings, type Speech, virtualMac } from './settings.js';
import { type Answers, type Place, Site } from './site.js';

/** Of both, where nothing else is said. HMAC: 32 bytes as digits. */
const PASSWORD = 's3cr3t12';
const KEY = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';

/** What one of a pair has otherwise than the other. */
export type Difference = Partial<Omit<RouterSettings, 'source' | 'peer' | 'priority'>>;

export interface Contender {
  readonly name: string;
  readonly kind: Kind;
  readonly place: Place;
  readonly router: VirtualRouter;
  readonly settings: RouterSettings;
  /** That its addresses are on. */
  readonly mac: string;
}

const makers: Readonly<Record<Kind, new (host: string, settings: () => RouterSettings) => VirtualRouter>> = {
  lvsd: Lvsd,
  keepalived: Keepalived,
  frr: Frr,
};
const programs: Readonly<Record<Kind, string | undefined>> = {
  lvsd: undefined,
  keepalived: 'keepalived',
  frr: 'vrrpd',
};

/** For `skip`: who cannot be had here, or false. */
export function missingOf({ a, b }: Pair): string | false {
  const missing = [a, b]
    .map((kind) => programs[kind])
    .filter((name) => name !== undefined && findProgram(name) === undefined);
  return missing.length === 0
    ? false
    : `${missing.join(' and ')} not installed: npm run conformance:vrrp as root installs it`;
}

/** A takeover takes 3.6 s at 1 s; on a machine that has no time for us, much longer. */
const LIMIT_MS = 60_000;
const LOOK_MS = 50;
const LOG_LINES = 30;

/** Two routers on a link, and what is seen of them. */
export class Duel implements AsyncDisposable {
  readonly site: Site;
  readonly a: Contender;
  readonly b: Contender;
  readonly #address: string;

  private constructor(site: Site, a: Contender, b: Contender) {
    this.site = site;
    this.a = a;
    this.b = b;
    this.#address = askedAddress(a.settings.family);
  }

  /** Nobody runs yet. */
  static async prepare(
    pair: Pair,
    speech: Speech,
    differences: { readonly a?: Difference; readonly b?: Difference } = {},
  ): Promise<Duel> {
    const site = await Site.build();
    const contender = (name: 'a' | 'b', priority: number): Contender => {
      const [place, other] = name === 'a' ? [site.a, site.b] : [site.b, site.a];
      const settings: RouterSettings = {
        ...speech,
        priority,
        source: place.addresses[speech.family],
        peer: other.addresses[speech.family],
        password: speech.authentication === 'hmac' ? KEY : PASSWORD,
        lines: [],
        ...differences[name],
      };
      const kind = pair[name];
      const mac = speech.vmac || kind === 'frr' ? virtualMac(speech.family) : place.mac;
      const router = new makers[kind](place.host, () => settings);
      return { name: `${name.toUpperCase()} (${kind})`, kind, place, router, settings, mac };
    };
    return new Duel(site, contender('a', 150), contender('b', 100));
  }

  /** One of them is master, the other is not, and a neighbour finds just that one. @throws with all that is known, if it does not come to that */
  async belongsTo(winner: Contender, when: string): Promise<void> {
    const loser = winner === this.a ? this.b : this.a;
    await this.until(`${when}: ${winner.name} is the only master`, async () => {
      if ((await winner.router.role()) !== 'master' || (await loser.router.role()) === 'master') return false;
      return this.#isFoundAt(winner);
    });
  }

  /** The same for a neighbour, whatever the other believes. */
  async isFound(winner: Contender, when: string): Promise<void> {
    await this.until(
      `${when}: ${winner.name} is found`,
      async () => (await winner.router.role()) === 'master' && this.#isFoundAt(winner),
    );
  }

  async isNowhere(when: string): Promise<void> {
    await this.until(`${when}: nobody is found`, async () => (await this.look()).ttl === null);
  }

  look(): Promise<Answers> {
    return this.site.ask(this.#address);
  }

  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + LIMIT_MS;
    while (!(await holds())) {
      if (performance.now() > end)
        throw Object.assign(new Error(`it did not come to this: ${what}`), { known: await this.#known() });
      await delay(LOOK_MS);
    }
  }

  async #isFoundAt({ place, mac }: Contender): Promise<boolean> {
    return isDeepStrictEqual(await this.look(), { ttl: place.ttl, macs: [mac] });
  }

  async #known(): Promise<string> {
    const { ttl, macs } = await this.look();
    const said = [this.a, this.b].map(async ({ name, place, mac, router }) => {
      const tail = router.log.trimEnd().split('\n').slice(-LOG_LINES).join('\n');
      return `${name}: ${await router.role()}, TTL ${place.ttl}, MAC ${mac}; it said:\n${tail}`;
    });
    return [`a neighbour finds TTL ${ttl}, MAC ${macs.join(' ')}`, ...(await Promise.all(said))].join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.a.router[Symbol.asyncDispose]();
    await this.b.router[Symbol.asyncDispose]();
    await this.site[Symbol.asyncDispose]();
  }
}

/** How long somebody who would preempt has time for it. */
const masterDownMs = ({ advertSeconds }: Speech): number => 5 * 1000 * advertSeconds;

/** An election, and both ways of changing its result, there and back. */
export async function contest(t: Test, pair: Pair, speech: Speech): Promise<void> {
  await using duel = await Duel.prepare(pair, speech);
  const { a, b, site } = duel;
  const { preempt } = speech;
  await a.router.start();
  if (!preempt) await duel.isFound(a, 'A alone'); // else who comes first stays
  await b.router.start();
  await duel.until('B is ready', async () => (await b.router.role()) !== 'none');
  await duel.belongsTo(a, 'both run');
  t.pass('A is elected');

  await a.router.stop();
  await duel.belongsTo(b, 'A was stopped');
  t.pass('B follows');

  await a.router.start();
  await duel.until('A is ready', async () => (await a.router.role()) !== 'none');
  if (!preempt) await delay(masterDownMs(speech));
  const master = preempt ? a : b;
  const other = preempt ? b : a;
  await duel.belongsTo(master, 'A is back');
  t.pass(preempt ? 'A preempts' : 'B stays');

  await site.cut(master.place);
  await duel.isFound(other, `${master.name} is cut off`);
  t.pass('the other follows when the master is silent');

  await site.mend(master.place);
  // Who is heard first is chance. If the lesser one hears the better one first it yields at once: the better one never learns of it, and has no
  // reason to announce itself again. FRR never does: whoever has asked while both were master would find the other one for minutes.
  await duel.until('two masters hear each other: B yields', async () => (await b.router.role()) !== 'master');
  await site.forget();
  await duel.belongsTo(a, 'two masters hear each other');
  t.pass('of two masters the better one remains');

  await Promise.all([a.router.stop(), b.router.stop()]);
  await duel.isNowhere('both were stopped');
  t.pass('both let go');
}

/** At a time: all of them wait for timers nearly all the time. */
const AT_A_TIME = 4;

/** Every way in which this pair can speak, each as a test. */
export function contests(t: Test, pair: Pair, chosen: (speech: Speech) => boolean = () => true): void {
  t.setTimeout(0); // whoever runs us sets the limit
  t.jobs = AT_A_TIME;
  for (const speech of speechesOf(pair).filter(chosen))
    t.test(
      `${pair.a} before ${pair.b}: ${titleOf(speech)}`,
      { buffered: true, timeout: 0, skip: missingOf(pair) },
      (t) => contest(t, pair, speech),
    );
}
