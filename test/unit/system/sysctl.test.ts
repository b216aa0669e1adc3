import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { systemSysctl } from '../../../src/system/sysctl.js';

const files = { net: { ipv4: { 'eth0.100': { arp_ignore: '1\n' }, threshold: '3\t50\n' } } };

t.test('values come without the newline, names may have dots', async (t) => {
  const port = systemSysctl(t.testdir(files));
  t.equal(await port.read('net/ipv4/eth0.100/arp_ignore'), '1');
  t.equal(await port.read('net/ipv4/threshold'), '3\t50');
});

t.test('what is written is the value and a newline', async (t) => {
  const root = t.testdir(files);
  await systemSysctl(root).write('net/ipv4/eth0.100/arp_ignore', '2');
  t.equal(readFileSync(join(root, 'net/ipv4/eth0.100/arp_ignore'), 'utf8'), '2\n');
});

for (const name of [
  'net/ipv4/nosuch',
  'net/ipv4',
  'net/ipv4/threshold/x',
  '../net/ipv4/threshold',
  'net//ipv4/threshold',
  '',
])
  t.test(`absent: '${name}'`, async (t) => {
    const port = systemSysctl(t.testdir(files));
    await t.rejects(port.read(name), { code: 'SYSCTL_ABSENT' });
    await t.rejects(port.write(name, '1'), { code: 'SYSCTL_ABSENT' });
  });

t.test('writing never makes a file', async (t) => {
  const root = t.testdir(files);
  await t.rejects(systemSysctl(root).write('net/ipv4/nosuch', '1'), { code: 'SYSCTL_ABSENT' });
  t.throws(() => readFileSync(join(root, 'net/ipv4/nosuch')), { code: 'ENOENT' });
});

t.test(
  'no permission is told from absence',
  { skip: process.getuid?.() === 0 ? 'root may read anything' : false },
  async (t) => {
    const root = t.testdir(files);
    chmodSync(join(root, 'net/ipv4/threshold'), 0);
    await t.rejects(systemSysctl(root).read('net/ipv4/threshold'), { code: 'SYSCTL_FORBIDDEN' });
  },
);

t.test('the real /proc/sys: a read-only sysctl is forbidden', async (t) => {
  const port = systemSysctl();
  t.match(await port.read('kernel/ostype'), /Linux/);
  await t.rejects(port.write('kernel/ostype', 'Linux'), { code: 'SYSCTL_FORBIDDEN' });
});
