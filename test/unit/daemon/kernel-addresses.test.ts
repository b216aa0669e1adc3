/** The addresses of a network namespace of our own, changed with ip(8). */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import t from 'tap';
import { kernelAddresses } from '../../../src/daemon/kernel-addresses.js';
import { MachineAddresses } from '../../../src/daemon/local-addresses.js';
import { systemClock } from '../../../src/system/clock.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const mayMake = spawnSync('unshare', ['-n', 'ip', 'link']).status === 0;

/** Resolves when the child has left our namespace. */
async function namespace(): Promise<ChildProcess> {
  const child = spawn('unshare', ['-n', 'sleep', '60'], { stdio: 'ignore' });
  const own = readlinkSync('/proc/self/ns/net');
  while (readlinkSync(`/proc/${child.pid}/ns/net`) === own) await new Promise((resolve) => setTimeout(resolve, 5));
  return child;
}

t.test(
  'addresses that come and go are told, of both families',
  { skip: mayMake ? false : 'no right to make a network namespace (or no unshare, or no ip)' },
  async (t) => {
    const child = await namespace();
    t.teardown(() => child.kill());
    const ip = (...words: string[]): void => {
      t.equal(spawnSync('nsenter', ['-t', String(child.pid), '-n', 'ip', ...words]).status, 0, words.join(' '));
    };
    const source = kernelAddresses(systemClock, `/proc/${child.pid}/ns/net`);
    const addresses = new MachineAddresses(source, new MemoryLog());
    t.teardown(() => addresses.close());
    await addresses.open();
    t.notOk(addresses.has('192.0.2.77'));
    const change = (): Promise<void> =>
      new Promise((resolve) => {
        const end = addresses.watch(() => {
          end();
          resolve();
        });
      });
    for (const [verb, address, length, has] of [
      ['add', '192.0.2.77', 32, true],
      ['add', '2001:db8::7', 128, true],
      ['del', '192.0.2.77', 32, false],
    ] as const) {
      const changed = change();
      ip('addr', verb, `${address}/${length}`, 'dev', 'lo');
      await changed;
      t.equal(addresses.has(address), has, `${verb} ${address}`);
    }
  },
);
