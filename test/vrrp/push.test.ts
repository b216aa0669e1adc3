/** Two directors as they run, with one file, and what becomes of it when it is pushed, refused, timed, cut off and killed in the middle. */
import '../helpers/own-machine.js';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import t from 'tap';
import type { Status } from '../../src/cli/control.js';
import type { PushStatus } from '../../src/pair/push-order.js';
import { Network } from '../lab/topology.js';
import { DirectorProcess, until } from './director-process.js';

/** Apart from their clocks, which are the same here: two busy processes that write a file. */
const MOST_APART_MS = 5000;

/** One file for both; `weight` of its real server tells which one is in force. */
const fileWith = (weight: number, more = '', accepts = 'pair_accept_push'): string => `@one $ME=1
@one $OTHER=2
@two $ME=2
@two $OTHER=1
global_defs {
  router_id \${_INSTANCE}
  pair_source 10.99.0.\${ME}
  pair_peer 10.99.0.\${OTHER}
  pair_key "a key for the test of pushes"
  ${accepts}
  ${more}
  lvs_engine userspace
  engine_ports lan
  engine_workers 1
  engine_sessions 1024
}
vrrp_instance V1 {
  version 3
  interface lan
  virtual_router_id 51
  priority \${OTHER}00
  advert_int 1
  virtual_ipaddress { 10.77.0.50/24 }
}
include services/*.conf
# weight ${weight}
`;

const serviceWith = (weight: number): string => `virtual_server 10.77.0.50 80 {
  protocol TCP
  lvs_sched maglev
  lvs_method DR
  delay_loop 60
  real_server 10.77.0.9 80 {
    weight ${weight}
  }
}
`;

class Director extends DirectorProcess {
  /** Writes a file and what it includes. */
  write(name: string, weight: number, more?: string, accepts?: string): void {
    const path = this.folder.file(name);
    mkdirSync(this.folder.file('services'), { recursive: true });
    writeFileSync(path, fileWith(weight, more, accepts));
    writeFileSync(this.folder.file('services/web.conf'), serviceWith(weight));
  }

  override start(): void {
    super.start('-i', this.host);
  }

  /** Of the real server, in the engine's table. */
  async weight(): Promise<number | undefined> {
    return (await this.told<Status>('status'))?.services[0]?.destinations[0]?.weight;
  }

  pushStatus(): Promise<PushStatus | undefined> {
    return this.told<PushStatus>('push', '--status');
  }
}

t.setTimeout(0); // whoever runs us sets the limit

t.test('one file for both directors', async (t) => {
  await using network = await Network.build({
    hosts: {
      one: { links: { lan: ['10.77.0.1/24'], cross: ['10.99.0.1/24'] } },
      two: { links: { lan: ['10.77.0.2/24'], cross: ['10.99.0.2/24'] } },
      server: { links: { lan: ['10.77.0.9/24'] } },
    },
  });
  const [one, two] = [new Director('one'), new Director('two')];
  const weights = async (): Promise<readonly (number | undefined)[]> => [await one.weight(), await two.weight()];
  const fingerprints = async (): Promise<Set<string | null | undefined>> =>
    new Set([(await one.pushStatus())?.fingerprint, (await two.pushStatus())?.fingerprint]);
  for (const side of [one, two]) side.write('lvsd.conf', 1);
  one.start();
  two.start();
  t.teardown(async () => {
    if (!t.passing()) t.comment(one.folder.text('log'), two.folder.text('log'));
    await one.stop();
    await two.stop();
    for (const { folder } of [one, two]) folder.remove();
  });
  await until('both serve', async () => (await weights()).join() === '1,1');
  await until('they can ask each other', async () => (await one.lvsctl('push', '--check')).status === 0);

  // the file was edited here, with the one that it includes, and there is another one, larger than what an ordinary request may be
  one.write('lvsd.conf', 2);
  writeFileSync(one.folder.file('services/large.conf'), '# ünicode\n'.repeat(500_000));
  const pushed = await one.lvsctl('push');
  t.equal(pushed.status, 0, pushed.out + pushed.err);
  t.match(pushed.out, /^in force on both \([0-9a-f]{16}\)\n$/);
  t.same(await weights(), [2, 2]);
  for (const name of ['lvsd.conf', 'services/web.conf', 'services/large.conf'])
    t.ok(readFileSync(two.folder.file(name)).equals(readFileSync(one.folder.file(name))), name);
  t.equal(readFileSync(two.folder.file('.lvsd.conf.before/lvsd.conf'), 'utf8'), fileWith(1));
  t.equal((await fingerprints()).size, 1);
  t.match(two.events('pair.push-kept')[0], { by: 'peer', from: 'one' });

  rmSync(one.folder.file('services/large.conf'));

  // the peer's lines are wrong: it says where, and nothing is changed anywhere
  one.write('lvsd.conf', 3, '@two lvs_sotp keep');
  const refused = await one.lvsctl('push');
  t.equal(refused.status, 1);
  t.ok(refused.err.includes(`peer: ${two.file}:11:8: 'lvs_sotp' `), refused.err);
  t.match(refused.err, /refused; nothing was changed\n {2}peer: it is not read without errors\n/);
  t.same(await weights(), [2, 2]);
  t.equal(readFileSync(two.file, 'utf8'), fileWith(2));

  // somebody is editing there
  one.write('lvsd.conf', 4);
  two.write('lvsd.conf', 99);
  const edited = await one.lvsctl('push');
  t.equal(edited.status, 1);
  t.match(
    edited.err,
    /peer: .*lvsd\.conf was changed there \([0-9a-f]{16}\), and that is not in force yet; look at it/,
  );
  const forced = await one.lvsctl('push', '--force');
  t.equal(forced.status, 0, forced.err);
  t.same(await weights(), [4, 4]);
  t.notOk(existsSync(two.folder.file('services/large.conf')), 'what is included no more is gone there, too');

  // together at a moment
  one.write('lvsd.conf', 5);
  const tried = (side: Director): number => Date.parse(String(side.events('pair.push-tried').at(-1)?.['time']));
  const asked = Date.now();
  const timed = await one.lvsctl('push', '--in', '10');
  t.equal(timed.status, 0, timed.out + timed.err);
  t.same(await weights(), [5, 5]);
  for (const side of [one, two]) t.ok(tried(side) >= asked + 10_000, `${tried(side) - asked} ms`);
  t.comment(`tried ${Math.abs(tried(one) - tried(two))} ms apart`);
  t.ok(Math.abs(tried(one) - tried(two)) < MOST_APART_MS);

  // the cable is cut before the moment: neither begins
  one.write('lvsd.conf', 6);
  const cutOff = one.lvsctl('push', '--in', '19');
  await until('both have agreed', async () => (await one.pushStatus())?.running?.state === 'agreed');
  await network.must('one', 'ip', 'link', 'set', 'cross', 'down');
  const cut = await cutOff;
  t.equal(cut.status, 1, cut.out);
  t.match(cut.err, /^gone back here; of the peer nothing is known: .*\n {2}peer: /);
  t.same(await weights(), [5, 5]);
  for (const side of [one, two]) t.equal(side.events('pair.push-tried').length, 3, `${side.host} has not begun`);
  t.equal(readFileSync(two.file, 'utf8'), fileWith(5));
  await network.must('one', 'ip', 'link', 'set', 'cross', 'up');
  await until('they can ask each other again', async () => (await one.lvsctl('push', '--check')).status === 0);
  await until('two has forgotten it', async () => (await two.pushStatus())?.here === 'idle');

  // a text that cuts the line itself is in force there without the word that it stays; and then two is killed
  one.write('lvsd.conf', 7, '@two pair_peer 10.99.0.77');
  const lost = one.lvsctl('push');
  await until('two tries it', async () => (await two.weight()) === 7);
  await two.kill();
  two.start();
  await until('it goes on with what was before', async () => (await two.weight()) === 5);
  t.equal(two.events('pair.push-taken-back').length, 1);
  t.equal(readFileSync(two.file, 'utf8'), fileWith(5));
  const told = await lost;
  t.equal(told.status, 1);
  t.match(told.err, /^gone back /m);
  t.same(await weights(), [5, 5]);
  t.equal(
    readFileSync(one.folder.file('.lvsd.conf.refused/lvsd.conf'), 'utf8'),
    fileWith(7, '@two pair_peer 10.99.0.77'),
  );
  await until('they can ask each other again', async () => (await one.lvsctl('push', '--check')).status === 0);

  // a text that came to one side only, by hand: both logs say so, and a push mends it
  const differences = one.events('pair.differs').length;
  one.write('lvsd.conf', 7);
  t.equal((await one.lvsctl('reload')).status, 0);
  await until('the difference is told', () => one.events('pair.differs').length > differences);
  t.match(
    String(one.events('pair.differs').at(-1)?.['differences']),
    /configuration file: [0-9a-f]{16} here, [0-9a-f]{16} there/,
  );
  const mended = await one.lvsctl('push', '--force');
  t.equal(mended.status, 0, mended.out + mended.err);
  t.same(await weights(), [7, 7]);
  await until('and that they agree', () => one.events('pair.agrees').length > 0);

  // the other way round, and the last one: it takes the word away by which pushes are taken
  two.write('lvsd.conf', 8, '', '');
  const back = await two.lvsctl('push');
  t.equal(back.status, 0, back.out + back.err);
  t.same(await weights(), [8, 8]);
  const unwanted = await two.lvsctl('push');
  t.equal(unwanted.status, 1);
  t.match(unwanted.err, /peer: it takes no pushes; write 'pair_accept_push' into its global_defs\n/);
});
