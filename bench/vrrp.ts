/**
 * Virtual routers beside keepalived's, in turn, in namespaces of this machine: outages that a client sees, and pairs that are left alone.
 * argv: names of mishaps (vrrp-outage.ts), `stability`, `endurance`. ROUNDS=5 of each outage, ADVERTS=1000,100,10 (ms), SECONDS=20 for each pair that
 * is left alone, MINUTES=10 for each that has to endure; ROUTERS=keepalived or lvsd.
 */
import '../test/helpers/own-machine.js';
import { readFileSync } from 'node:fs';
import * as outage from './vrrp-outage.js';
import { ALL, DEFAULTS, type Maker, PAIR } from './vrrp-routers.js';
import * as stability from './vrrp-stability.js';

const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const ADVERTS = (process.env['ADVERTS'] ?? '1000,100,10').split(',').map(Number);
const SECONDS = Number(process.env['SECONDS'] ?? 20);
const MINUTES = Number(process.env['MINUTES'] ?? 10);
const wanted = process.argv.slice(2);
const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
const load = (): string => readFileSync('/proc/loadavg', 'latin1').split(' ')[0] ?? '';

const mishaps = outage.mishaps.filter(({ name }) => isWanted(name));
/** Two that know each other: where adverts are slow, so that what they are spared is seen. */
const makersFor = (advertMs: number): readonly Maker[] => (advertMs < 1000 ? DEFAULTS : [...DEFAULTS, ...PAIR]);

if (mishaps.length > 0) {
  console.log(
    `\n### The address of a virtual router does not answer, median of ${ROUNDS}; load of the machine ${load()}\n`,
  );
  console.log(outage.heading);
  for (const advertMs of ADVERTS)
    for (const mishap of mishaps)
      for (const { maker, done } of await inTurn(mishap, advertMs))
        console.log(outage.row(mishap, advertMs, maker, done));
}

if (isWanted('stability')) await leaveAlone(stability.scenarios, ALL, SECONDS);
if (isWanted('endurance')) await leaveAlone(stability.endurance, DEFAULTS, 60 * MINUTES);

async function leaveAlone(
  scenarios: readonly stability.Scenario[],
  makers: readonly Maker[],
  seconds: number,
): Promise<void> {
  console.log(`\n### Two routers that nothing befalls, ${seconds} s each; load of the machine ${load()}\n`);
  console.log(stability.heading);
  for (const scenario of scenarios)
    for (const maker of makers) {
      const found = await stability.undisturbed(maker, scenario, seconds);
      console.log(stability.row(scenario, maker.name, found));
    }
}

interface Trials {
  readonly maker: Maker;
  readonly done: readonly outage.Trial[];
}

/** Theirs and ours alternate: what else the machine does befalls both. */
async function inTurn(mishap: (typeof mishaps)[number], advertMs: number): Promise<readonly Trials[]> {
  const trials = makersFor(advertMs).map((maker) => ({ maker, done: [] as outage.Trial[] }));
  for (let round = 0; round < ROUNDS; round++)
    for (const { maker, done } of trials) done.push(await outage.trial(maker, mishap, advertMs));
  return trials;
}
