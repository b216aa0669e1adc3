/** Load balancers made at run time: told to the director, kept in a file, and what becomes of them when either fails. */
import t from 'tap';
import { MadeServices } from '../../../src/daemon/made.js';
import type { EngineStatus } from '../../../src/daemon/engine.js';
import type { DirectorStatus, Report } from '../../../src/director/director.js';
import type { Table } from '../../../src/model/table.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const NAME = 'tcp 10.0.0.0/24 port 80';

function world(text?: string) {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const kept: Table[] = [];
  const disk = { text, isFull: false };
  const said: { report: Report } = { report: { changes: [], refused: [] } };
  const made = new MadeServices({
    director: {
      keep: (table) => {
        kept.push(table);
        return Promise.resolve(said.report);
      },
      status: { known: new Map() } as unknown as DirectorStatus,
    },
    engine: {
      interfaces: () => Promise.resolve(['eth0']),
      status: () => Promise.resolve({ counters: undefined } as unknown as EngineStatus),
      forwarder: { flush: () => Promise.resolve(0), order: { services: [], destinations: [] } } as never,
    },
    file: {
      path: 'made.json',
      read: () => Promise.resolve(disk.text),
      write: (next) => {
        if (disk.isFull) return Promise.reject(new Error('ENOSPC: no space left on device'));
        disk.text = next;
        return Promise.resolve();
      },
    },
    clock,
    log,
  });
  return { clock, log, kept, disk, made, said };
}

const type = (made: MadeServices, line: string) => made.run(line.split(' '));
const vip = 'lb vip 10.0.0.0/24 protocol tcp port 80 encap gre4';

t.test('what is made is in the file, and there again after a restart', async (t) => {
  const first = world();
  await first.made.open();
  t.match(await type(first.made, vip), { err: '' });
  t.match(await type(first.made, 'lb as 10.0.0.0/24 protocol tcp port 80 10.9.0.1'), { err: '' });
  t.same([...first.kept.at(-1)!.keys()], [NAME]);
  const next = world(first.disk.text);
  await next.made.open();
  t.equal(next.kept.at(-1)!.get(NAME)!.destinations.size, 1);
  await next.made.close();
});

t.test('a full disk is told to who asks, and written when there is room', async (t) => {
  const { made, disk, clock, log, kept } = world();
  await made.open();
  disk.isFull = true;
  t.match(await type(made, vip), { err: /would not survive a restart of lvsd: made.json: ENOSPC/ });
  t.equal(kept.at(-1)!.size, 1, 'it is done');
  t.equal(log.named('made.not-written').length, 1);
  disk.isFull = false;
  clock.advance(60_000);
  await type(made, 'show lb');
  t.match(disk.text, /10\.0\.0\.0/);
  await made.close();
});

t.test('a file of a newer lvsd is not overwritten', async (t) => {
  const newer = '{"version":99}\n';
  const { made, disk, log } = world(newer);
  await made.open();
  t.match(log.named('made.unreadable'), [{ path: 'made.json' }]);
  await t.rejects(type(made, vip), { code: 'MADE_UNREADABLE' });
  t.equal(disk.text, newer);
  await made.close();
});

t.test('what the engine refuses of it is told, and nothing else', async (t) => {
  const { made, said } = world();
  await made.open();
  said.report = {
    changes: [],
    refused: [
      { service: 'tcp 192.0.2.1:80', change: 'add-service tcp 192.0.2.1:80', reason: 'not mine' },
      { service: NAME, change: `add-service ${NAME}`, reason: 'no engine' },
    ],
  };
  t.match(await type(made, vip), { err: `add-service ${NAME}: no engine\n` });
  await made.close();
});

t.test('a removed server stays while nobody knows whether it has flows', async (t) => {
  const { made, clock, kept } = world();
  await made.open();
  await type(made, vip);
  await type(made, 'lb as 10.0.0.0/24 protocol tcp port 80 10.9.0.1');
  await type(made, 'lb as 10.0.0.0/24 protocol tcp port 80 10.9.0.1 del');
  clock.advance(5_000);
  await type(made, 'show lb');
  t.equal(kept.at(-1)!.get(NAME)!.destinations.size, 1);
  await made.close();
});
