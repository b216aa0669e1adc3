/** A director finds an engine: one that forwards prefixes and services made at run time, one that is another director's, one that hangs. */
import '../helpers/own-machine.js';
import { join } from 'node:path';
import t from 'tap';
import { isRunning } from '../../src/dataplane/engine-processes.js';
import { Director } from '../lab/lvsd-process.js';
import { natSite, numbersTo, serverAddress, serverHost } from '../lab/nat-site.js';
import { ask, serve, serversOf } from '../lab/peers.js';
import { Network } from '../lab/topology.js';
import { direct, globals, lvsctl, root, virtualServer } from './site.js';

t.setTimeout(0); // whoever runs us sets the limit
const SERVERS = 2;
const PREFIX = '10.9.0.0/24';
const MADE = '30.0.0.1';
const both = numbersTo(SERVERS).map(serverHost);

const text = (workers: number): string =>
  globals(['outside', 'inside'], 'xdp', ['lvs_stop keep']).replace('engine_workers 1', `engine_workers ${workers}`) +
  virtualServer(
    `${PREFIX} 80`,
    ['lvs_sched rr', 'lvs_method NAT', 'protocol TCP'],
    numbersTo(SERVERS).map((n) => `${serverAddress(n)} 80`),
  );

interface EngineStatus {
  readonly pid: number;
  readonly workers: number;
}

t.test('what a director finds', async (t) => {
  await using network = await Network.build(natSite(SERVERS));
  for (const n of numbersTo(SERVERS)) await serve(serverHost(n), [{ protocol: 'http', address: '0.0.0.0', port: 80 }]);
  for (const to of [PREFIX, `${MADE}/32`]) await network.must('client', 'ip', 'route', 'add', to, 'via', '10.1.0.1');
  const answered = async (address: string): Promise<string[]> =>
    [...new Set(serversOf(await ask(network, 'client', { protocol: 'http', address, port: 80 }, 8)))].sort();
  const allAnswered = async (when: string): Promise<void> => {
    for (const address of ['10.9.0.7', '10.9.0.200', MADE])
      t.strictSame(await answered(address), both, `${address} ${when}`);
  };
  const engineOf = async (): Promise<EngineStatus> =>
    (JSON.parse(await lvsctl(network, 'director', '--json', 'status')) as { engine: EngineStatus }).engine;

  const first = await direct('director', text(1));
  await lvsctl(
    network,
    'director',
    'lb-add',
    'web',
    `${MADE}:80`,
    numbersTo(SERVERS)
      .map((n) => `${serverAddress(n)}:80`)
      .join(),
  );
  await lvsctl(network, 'director', 'lr-lb-add', 'router', 'web');
  await allAnswered('at the start');
  const { pid } = await engineOf();

  await t.test('a second lvsd for the same folder does not start', async (t) => {
    const words = ['run', '-f', first.file, '--control', '/run/lvsd/other.sock'];
    const { status, stderr } = await network.run('director', [join(root, 'bin/lvsd'), ...words]);
    t.equal(status, 1);
    t.match(stderr, /another lvsd \(process \d+\) keeps its state and its engine in \/run\/lvsd; stop it first/);
    t.equal((await engineOf()).pid, pid);
  });

  first.kill('SIGKILL');
  await allAnswered('without a director');
  await using second = new Director('director', first.file);
  await second.until('daemon.started');
  t.equal((await engineOf()).pid, pid, 'the same engine');
  t.strictSame(
    second.said.filter(({ event }) => event === 'director.applied'),
    [],
    'nothing was changed',
  );
  t.match(await lvsctl(network, 'director', 'lb-list'), /30\.0\.0\.1:80/);
  await allAnswered('with another director');

  await second[Symbol.asyncDispose]();
  process.kill(pid, 'SIGSTOP');
  await using third = new Director('director', first.file);
  await third.until('daemon.started');
  t.match(
    third.said.filter(({ event }) => event === 'engine.hung'),
    [{ pid }],
  );
  const after = await engineOf();
  t.not(after.pid, pid);
  await allAnswered('by an engine in the place of the one that hung');
  t.notOk(isRunning(pid), 'which has ended');
  third.kill('SIGTERM');
  await third.until('daemon.stopped');
});
