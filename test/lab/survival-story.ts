import type { Test } from 'tap';
import { setTimeout as sleep } from 'node:timers/promises';
import { DirectorMachine } from './survival-director.js';
import { directors, PORT, type SurvivalSite } from './survival-sites.js';
import { serveTalkers, Talkers } from './talkers.js';
import { Network } from './topology.js';

const CONNECTIONS = 500;
/** That are opened while one director is dead. */
const LATER = 50;
const PATIENCE_MS = 120_000;

/** The machine may be busy with others. */
async function until(what: string, is: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await is())) {
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await sleep(100);
  }
}

/** Directors hand over, one dies, comes back and preempts, and is stopped: nothing is cut. */
export async function survive(t: Test, site: SurvivalSite): Promise<void> {
  await using pair = await Survival.begin(t, site);
  const { a, b } = pair;
  await pair.handOver(a, b);
  await pair.handOver(b, a);

  await a.crash();
  await pair.master(b);
  await pair.goesOn('a has died');
  await pair.more();
  await pair.rejoin(a, b);

  await a.stop();
  await pair.master(b);
  await pair.goesOn('a was stopped');
  await pair.end();
}

/** A pair at work with 500 connections and a download through `a`, which both directors know. */
class Survival implements AsyncDisposable {
  readonly a: DirectorMachine;
  readonly b: DirectorMachine;
  readonly #talkers: Talkers;
  readonly #site: SurvivalSite;
  readonly #network: Network;
  readonly #t: Test;

  private constructor(t: Test, site: SurvivalSite, network: Network, machines: Machines, talkers: Talkers) {
    this.#t = t;
    this.#site = site;
    this.#network = network;
    [this.a, this.b] = machines;
    this.#talkers = talkers;
  }

  static async begin(t: Test, site: SurvivalSite): Promise<Survival> {
    const network = await Network.build(site.topology);
    const machines: Machines = [
      new DirectorMachine(network, 'a', site.file(directors.a)),
      new DirectorMachine(network, 'b', site.file(directors.b)),
    ];
    const [a, b] = machines;
    t.teardown(async () => {
      if (!t.passing()) for (const { host, log } of machines) console.error(`log of ${host}:\n${log}`);
      await network[Symbol.asyncDispose]();
      for (const machine of machines) machine.remove();
    });
    for (const host of site.servers) await serveTalkers(host, PORT);
    a.start();
    await until('a is master', async () => (await a.role()) === 'master');
    b.start();
    await until('b is backup', async () => (await b.role()) === 'backup');
    await until('they know each other', () => knows(b));
    const talk = { connections: CONNECTIONS, pauseMs: 1000, bytesPerSecond: 2_000_000 };
    const talkers = await Talkers.open('client', site.vip, PORT, talk);
    const survival = new Survival(t, site, network, machines, talkers);
    await survival.goesOn('at first');
    await survival.known(b);
    return survival;
  }

  /** The client's connections are in its table. */
  async known(by: DirectorMachine): Promise<void> {
    let have: ReadonlySet<number> = new Set();
    await until(`${by.host} knows all connections`, async () => {
      have = await this.#site.portsIn(by, this.#network);
      return this.#talkers.ports.every((port) => have.has(port));
    });
  }

  async master(is: DirectorMachine, other?: DirectorMachine): Promise<void> {
    await until(`${is.host} is master`, async () => (await is.role()) === 'master');
    if (other !== undefined) await until(`${other.host} is backup`, async () => (await other.role()) === 'backup');
  }

  /** As an operator says it. */
  async handOver(from: DirectorMachine, to: DirectorMachine): Promise<void> {
    const { status, stdout, stderr } = await from.lvsctl('failover');
    this.#t.equal(status, 0, `${from.host}: ${stdout}${stderr}`.trim());
    await this.master(to, from);
    await this.goesOn(`${from.host} has handed over to ${to.host}`);
    await this.known(from);
  }

  /** Connections that nobody else can have heard of. */
  async more(): Promise<void> {
    await this.#talkers.more(LATER);
    await this.goesOn(`${LATER} more`);
  }

  /** A director that has died is there again. It has all connections before it is master, and that it is as soon as it has them. */
  async rejoin(dead: DirectorMachine, other: DirectorMachine): Promise<void> {
    await dead.boot();
    await this.master(dead, other);
    const [allHere] = dead.events('vrrp.may-be-master');
    this.#t.equal(allHere?.['why'], 'all is here', `${dead.host} was not master before`);
    await this.goesOn(`${dead.host} has come back and preempted`);
    await this.known(dead);
    await this.known(other);
  }

  /** Every connection is answered once more; nothing was cut so far. */
  async goesOn(when: string): Promise<void> {
    const { answered, broken, why, longestMs, stalledMs, downloaded } = await this.#talkers.exchange();
    this.#t.comment(
      `${when}: longest wait for an answer ${longestMs} ms, download stood still for ${stalledMs} ms at most, ${downloaded} bytes`,
    );
    this.#t.strictSame(
      { answered, broken, why },
      { answered: this.#talkers.ports.length - 1, broken: 0, why: [] },
      when,
    );
    this.#t.ok(downloaded > 0, `${when}, the download`);
  }

  /** The end of the download. */
  async end(): Promise<void> {
    const { bytes, same, questions } = await this.#talkers.end();
    this.#t.comment(`${questions} questions, a file of ${bytes} bytes`);
    this.#t.ok(same, 'what came is what was sent');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#talkers[Symbol.asyncDispose]();
  }
}

type Machines = readonly [DirectorMachine, DirectorMachine];

async function knows(director: DirectorMachine): Promise<boolean> {
  const { stdout } = await director.lvsctl('--json', 'pair');
  return stdout !== '' && (JSON.parse(stdout) as { readonly state: string }).state === 'connected';
}
