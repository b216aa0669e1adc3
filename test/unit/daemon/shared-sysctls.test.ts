import t from 'tap';
import { SharedSysctls } from '../../../src/daemon/shared-sysctls.js';
import { LvsError } from '../../../src/errors.js';
import type { StateFile } from '../../../src/system/state-file.js';
import { MemoryLog } from '../../helpers/memory-log.js';

/** Files of /proc/sys, and a state file, in memory. */
function world(values: Record<string, string>) {
  const kept: { text: string | undefined } = { text: undefined };
  const forbidden = new Set<string>();
  const memory: StateFile = {
    path: '/run/sysctls',
    read: () => Promise.resolve(kept.text),
    write: (text) => Promise.resolve(void (kept.text = text)),
    remove: () => Promise.resolve(void (kept.text = undefined)),
  };
  const log = new MemoryLog();
  const open = (): SharedSysctls =>
    new SharedSysctls(
      {
        read: (name) =>
          values[name] === undefined
            ? Promise.reject(new LvsError('SYSCTL_ABSENT', [name]))
            : Promise.resolve(values[name]),
        write(name, value) {
          if (values[name] === undefined) return Promise.reject(new LvsError('SYSCTL_ABSENT', [name]));
          if (forbidden.has(name)) return Promise.reject(new LvsError('SYSCTL_FORBIDDEN', ['write', name]));
          values[name] = value;
          return Promise.resolve();
        },
      },
      log,
      memory,
    );
  return { values, kept, forbidden, log, open };
}

t.test('what it was comes back with the last one who lets go', async (t) => {
  const { values, kept, open } = world({ a: '0', b: '5' });
  const sysctls = open();
  await sysctls.claim('V1', [
    ['a', '1'],
    ['b', '5'],
  ]);
  await sysctls.claim('V2', [['a', '1']]);
  t.same(values, { a: '1', b: '5' });
  t.same(JSON.parse(kept.text!), { a: '0', b: '5' });
  await sysctls.release('V1');
  t.same(values, { a: '1', b: '5' });
  await sysctls.release('V1');
  await sysctls.release('V2');
  t.same(values, { a: '0', b: '5' });
  t.equal(kept.text, undefined);
});

t.test('after a crash it is what it was before the process that died', async (t) => {
  const { values, open } = world({ a: '0', b: '0', c: '0' });
  await open().claim('V1', [
    ['a', '1'],
    ['b', '1'],
    ['c', '1'],
  ]);
  const next = open();
  await next.claim('V1', [['a', '1']]);
  await next.reclaim('*', (name) => name === 'b');
  t.same(values, { a: '1', b: '1', c: '1' });
  await next.release('V1');
  await next.release('*');
  t.same(values, { a: '0', b: '0', c: '1' }, 'nobody claimed the third one');
});

t.test('what cannot be set is said; what is not there is not missed', async (t) => {
  const { forbidden, log, kept, open } = world({ a: '0' });
  forbidden.add('a');
  const sysctls = open();
  await sysctls.claim('V1', [
    ['a', '1'],
    ['nosuch', '1'],
  ]);
  await sysctls.set([['nosuch', '1']]);
  t.match(log.events, [{ event: 'vrrp.sysctl-not-set', name: 'a', value: '1' }]);
  kept.text = '{half';
  await open().claim('V1', [['a', '0']]);
  t.match(log.events.at(-1), { event: 'vrrp.not-remembered', path: '/run/sysctls' });
});
