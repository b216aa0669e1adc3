import t from 'tap';
import { CONNECTIONS_FILE } from '../../../../src/cli/ipvsadm/connections.js';
import { main } from '../../../../src/cli/ipvsadm/run.js';
import { IpvsClient } from '../../../../src/ipvs/client.js';
import { replayedSteps, testIo } from './fixtures.js';
import { RecordedKernel } from './recorded-kernel.js';

const steps = replayedSteps();

/** Runs our own arguments against what the kernel told in a recorded step. */
async function over(id: string, recorded: string, ...args: string[]): Promise<{ rc: number; stdout: string }> {
  const step = steps.find((candidate) => candidate.id === id && candidate.argv.slice(1).join(' ') === recorded);
  if (step === undefined) throw new Error(`no step ${id}: ${recorded}`);
  const kernel = new RecordedKernel(step.io, step.inject?.stats64);
  const io = testIo({
    open: () => new IpvsClient(kernel.socket),
    readFile: (path) => (path === CONNECTIONS_FILE ? step.inject?.conn : undefined),
  });
  const rc = await main(args, io);
  return { rc, stdout: io.printed.stdout };
}

t.test('--json tells every field, in the order of the listing', async (t) => {
  const { rc, stdout } = await over('list-mix', '-Ln', '-L', '--json');
  t.equal(rc, 0);
  const told = JSON.parse(stdout) as { version: string; services: { servers: unknown[] }[] };
  t.equal(told.version, '1.2.1');
  t.equal(told.services.length, 8);
  t.match(told.services[1], {
    protocol: 'tcp',
    address: '192.0.2.10',
    port: 443,
    scheduler: 'sh',
    schedulerFlags: 3,
    persistent: true,
    persistenceSeconds: 600,
    persistenceMask: '255.255.255.0',
    statistics: { connections: 0 },
    servers: [
      { address: '192.0.2.11', method: 'direct-route', weight: 1 },
      { method: 'tunnel', weight: 2, tunnel: { type: 'gue', port: 6080, checksum: true, remoteChecksum: false } },
    ],
  });
});

t.test('--json writes 64-bit counters in full, of servers too', async (t) => {
  const step = steps.findLast(({ id, inject }) => id === 'inject-stats-scale' && inject?.stats64 !== undefined);
  t.equal(step?.inject?.stats64?.[0], 2n ** 64n - 1n);
  const kernel = new RecordedKernel(step?.io ?? [], step?.inject?.stats64);
  const io = testIo({ open: () => new IpvsClient(kernel.socket) });
  t.equal(await main(['-L', '--json'], io), 0);
  t.equal(io.printed.stdout.match(/:18446744073709551615\b/g)?.length, 4 * 10);
});

t.test('--json of the other listings', async (t) => {
  t.strictSame(JSON.parse((await over('timeout-default', '-L --timeout', '-L', '--timeout', '--json')).stdout), {
    tcp: 900,
    tcpFin: 120,
    udp: 300,
  });
  t.match(JSON.parse((await over('daemon-lo', '-L --daemon', '-L', '--daemon', '--json')).stdout), {
    daemons: [
      { state: 'master', interface: 'lo', syncId: 0, maxLength: 1472, group: '224.0.0.81', port: 8848, ttl: 1 },
    ],
  });
  t.match(JSON.parse((await over('inject-conn-udp', '-Lcn', '-Lc', '--json')).stdout), {
    connections: [
      {
        protocol: 'UDP',
        source: { address: '10.1.0.2', port: 40001 },
        virtual: { address: '10.9.0.1', port: 80 },
        destination: { address: '10.2.0.11', port: 8080 },
        state: 'UDP',
        expiresSeconds: 300,
      },
      {},
      {},
    ],
  });
  t.strictSame(JSON.parse((await over('list-empty', '-Ln', '-L', '--json')).stdout), {
    version: '1.2.1',
    connectionTableSize: 0,
    services: [],
  });
});

t.test('-S saves thresholds only with --all, as a line that -R takes', async (t) => {
  const plain = await over('list-mix', '-Ln', '-Sn');
  t.match(plain.stdout, '-a -t 192.0.2.10:80 -r 192.0.2.11:80 -m -w 10\n');
  t.notMatch(plain.stdout, '-x');
  const all = await over('list-mix', '-Ln', '-Sn', '--all');
  t.match(all.stdout, /^--set \d+ \d+ \d+\n/);
  t.match(all.stdout, '-a -t 192.0.2.10:80 -r 192.0.2.11:80 -m -w 10 -x 100 -y 20\n');
});
