/** made.json on a disk that is really full: a tmpfs of a few pages. */
import '../../helpers/own-machine.js';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { EngineStatus } from '../../../src/daemon/engine.js';
import { MadeServices } from '../../../src/daemon/made.js';
import type { DirectorStatus } from '../../../src/director/director.js';
import type { Table } from '../../../src/model/table.js';
import { stateFile } from '../../../src/system/state-file.js';
import { FakeClock } from '../../helpers/fake-clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const disk = '/run/lvsd/disk';
const ballast = join(disk, 'ballast');
mkdirSync(disk);
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);

function world() {
  const kept: Table[] = [];
  const clock = new FakeClock();
  const log = new MemoryLog();
  const made = new MadeServices({
    director: {
      keep: (table) => {
        kept.push(table);
        return Promise.resolve({ changes: [], refused: [] });
      },
      status: { known: new Map() } as unknown as DirectorStatus,
    },
    engine: {
      interfaces: () => Promise.resolve(['eth0']),
      status: () => Promise.resolve({ counters: undefined } as unknown as EngineStatus),
      forwarder: { flush: () => Promise.resolve(0), order: { services: [], destinations: [] } } as never,
    },
    file: stateFile(join(disk, 'made.json'), 0o600),
    clock,
    log,
  });
  return { made, kept, clock, log };
}

const vip = (n: number): string[] => `lb vip 10.0.${n}.0/24 protocol tcp port 80 encap gre4`.split(' ');

/** All that is free. */
function fill(): void {
  try {
    writeFileSync(ballast, Buffer.alloc(1024 * 1024));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

t.test('a full disk leaves the old file as it was, and what was made is written when there is room', async (t) => {
  const { made, clock, log } = world();
  await made.open();
  t.match(await made.run(vip(1)), { err: '' });
  const path = join(disk, 'made.json');
  t.equal(statSync(path).mode & 0o777, 0o600);
  const old = readFileSync(path, 'utf8');

  fill();
  t.match(await made.run(vip(2)), { err: /would not survive a restart of lvsd: .*made\.json: .*ENOSPC/ });
  t.equal(readFileSync(path, 'utf8'), old);
  t.strictSame(readdirSync(disk).sort(), ['ballast', 'made.json'], 'no half of a new one');
  const after = world();
  await after.made.open();
  t.strictSame([...after.kept.at(-1)!.keys()], ['tcp 10.0.1.0/24 port 80'], 'and a restart has the old one');

  rmSync(ballast);
  clock.advance(60_000);
  await made.run(['show', 'lb']);
  const last = world();
  await last.made.open();
  t.equal(last.kept.at(-1)!.size, 2);
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.equal(log.named('made.not-written').length, 1);
  for (const one of [made, after.made, last.made]) await one.close();
});
