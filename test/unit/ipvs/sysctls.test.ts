import t from 'tap';
import { isLvsError, LvsError } from '../../../src/errors.js';
import {
  ipvsSysctlNames,
  ipvsSysctls,
  isIpvsSysctl,
  parseIpvsSysctl,
  readAllIpvsSysctls,
  readIpvsSysctl,
  type SysctlPort,
  writeIpvsSysctl,
} from '../../../src/ipvs/sysctls.js';

/** A kernel with the values given and nothing else. */
function kernel(values: Record<string, string>): SysctlPort & { readonly values: Record<string, string> } {
  return {
    values,
    read(name) {
      const value = values[name];
      return value === undefined ? Promise.reject(new LvsError('SYSCTL_ABSENT', [name])) : Promise.resolve(value);
    },
    write(name, value) {
      values[name] = value;
      return Promise.resolve();
    },
  };
}

t.test('the 33 files of Linux 7.2, each with a meaning and an initial value it would accept itself', (t) => {
  t.equal(ipvsSysctlNames.length, 33);
  for (const name of ipvsSysctlNames) {
    const { kind, initial, meaning } = ipvsSysctls[name];
    t.ok(meaning.length > 10, name);
    if (initial !== undefined) t.ok((kind.accepts as (value: unknown) => boolean)(initial), name);
  }
  t.end();
});

const taken = [
  ['conntrack', '1', 1],
  ['conntrack', '-1', -1],
  ['drop_entry', '3', 3],
  ['sync_threshold', '3\t50', [3, 50]],
  ['sync_threshold', '0 0', [0, 0]],
  ['sync_ports', '64', 64],
  ['est_cpulist', '0-3,8', '0-3,8'],
  ['est_cpulist', '', ''],
  ['est_nice', '-20', -20],
  ['conn_lfactor', '-8', -8],
  ['conn_max', '1073741824', 1073741824],
] as const;

for (const [name, text, value] of taken)
  t.test(`${name} takes '${text}'`, (t) => {
    t.strictSame(parseIpvsSysctl(name, text), value);
    t.end();
  });

const refused = [
  ['conntrack', ''],
  ['conntrack', '1e3'],
  ['conntrack', '0x10'],
  ['conntrack', '2147483648'],
  ['drop_entry', '4'],
  ['sync_ports', '3'],
  ['sync_ports', '128'],
  ['sync_ports', '0'],
  ['sync_threshold', '3'],
  ['sync_threshold', '50 3'],
  ['sync_threshold', '3 3'],
  ['sync_threshold', '-1 3'],
  ['sync_threshold', '1 2 3'],
  ['est_cpulist', '0-'],
  ['est_nice', '20'],
  ['sync_refresh_period', '-1'],
] as const;

for (const [name, text] of refused)
  t.test(`${name} refuses '${text}'`, (t) => {
    t.throws(() => parseIpvsSysctl(name, text), { code: 'SYSCTL_RANGE', message: new RegExp(`net.ipv4.vs.${name}`) });
    t.end();
  });

t.test('a value is refused before the kernel is asked', async (t) => {
  const port = kernel({});
  await t.rejects(writeIpvsSysctl(port, 'sync_ports', 3), { code: 'SYSCTL_RANGE' });
  t.strictSame(port.values, {});
  await writeIpvsSysctl(port, 'sync_threshold', [3, 50]);
  t.strictSame(port.values, { 'net/ipv4/vs/sync_threshold': '3 50' });
});

t.test("the kernel's garbage is not a number", async (t) => {
  const port = kernel({ 'net/ipv4/vs/sync_refresh_period': '-18262276632972456101' });
  await t.rejects(readIpvsSysctl(port, 'sync_refresh_period'), { code: 'SYSCTL_MALFORMED' });
});

t.test('all of them at once: an older kernel lacks some', async (t) => {
  const all = await readAllIpvsSysctls(kernel({ 'net/ipv4/vs/conntrack': '1', 'net/ipv4/vs/sync_threshold': '3\t50' }));
  t.equal(all.size, 33);
  t.equal(all.get('conntrack'), 1);
  t.strictSame(all.get('sync_threshold'), [3, 50]);
  t.ok(isLvsError(all.get('conn_max'), 'SYSCTL_ABSENT'));
});

t.test('a name is a name only if it is in the table', (t) => {
  t.ok(isIpvsSysctl('conntrack'));
  t.notOk(isIpvsSysctl('constructor'));
  t.end();
});
