import type { Test } from 'tap';
import { Lvsd } from './lvsd.js';
import type { Pair } from './matrix.js';
import type { Speech } from './settings.js';
import { type Contender, type Difference, Duel } from './trial.js';

/** Two that are set up differently. */
export interface Misfit {
  readonly pair: Pair;
  readonly speech: Speech;
  readonly a?: Difference;
  readonly b?: Difference;
  /** What each of ours says is wrong: reason of its event `vrrp.conflict`. */
  readonly reason: string;
}

export const plain: Speech = {
  version: 3,
  family: 'ip4',
  unicast: false,
  authentication: 'none',
  vmac: false,
  preempt: true,
  advertSeconds: 0.1,
};
export const plain2: Speech = { ...plain, version: 2, advertSeconds: 1 };

const ours = ({ a, b }: Duel): readonly Lvsd[] =>
  [a, b].flatMap(({ router }) => (router instanceof Lvsd ? [router] : []));

const isMaster = async ({ router }: Contender): Promise<boolean> => (await router.role()) === 'master';

/**
 * Neither sees the other: nothing that we do can help, but we say why. The foreign one is master first: a keepalived whose adverts we hear as a
 * backup, for as a master it is silent while others that it refuses speak as often as it does.
 */
export async function splits(t: Test, { pair, speech, a, b, reason }: Misfit): Promise<void> {
  await using duel = await Duel.prepare(pair, speech, { ...(a && { a }), ...(b && { b }) });
  const [first, second] = pair.a === 'lvsd' ? [duel.b, duel.a] : [duel.a, duel.b];
  await first.router.start();
  await duel.until('the first is master', () => isMaster(first));
  await second.router.start();
  await duel.until('both are masters', async () => (await isMaster(first)) && isMaster(second));
  t.pass('both are masters');
  for (const router of ours(duel)) {
    await duel.until(`'${reason}' is told`, () =>
      Promise.resolve(router.events('vrrp.conflict').some((event) => event['reason'] === reason)),
    );
    const { refused } = (await router.report()) ?? {};
    t.match(refused?.[reason], { adverts: Number }, `'${reason}' is told and counted`);
  }
}

/** They differ, and still see each other: one master, and the other after it. */
export async function agrees(t: Test, { pair, speech, a, b }: Omit<Misfit, 'reason'>): Promise<void> {
  await using duel = await Duel.prepare(pair, speech, { ...(a && { a }), ...(b && { b }) });
  await Promise.all([duel.a.router.start(), duel.b.router.start()]);
  await duel.until('B is ready', async () => (await duel.b.router.role()) !== 'none');
  await duel.belongsTo(duel.a, 'both run');
  await duel.a.router.stop();
  await duel.belongsTo(duel.b, 'A was stopped');
  await duel.a.router.start();
  await duel.belongsTo(duel.a, 'A is back');
  t.pass('A, B, A');
}
