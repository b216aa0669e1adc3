/** lvsctl's commands against the real API over a real Unix socket; behind it a director over a fake kernel. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { httpServer } from '../../../../src/api/connections.js';
import { FakeApi } from '../../../helpers/fake-api.js';
import { runLvsctl, type Said } from '../../../helpers/lvsctl-run.js';
import { temporaryDirectory } from '../../../helpers/program.js';

interface Station {
  readonly fake: FakeApi;
  readonly folder: string;
  readonly run: (...args: readonly string[]) => Promise<Said>;
}

async function station(t: Parameters<typeof temporaryDirectory>[0]): Promise<Station> {
  const folder = temporaryDirectory(t);
  const fake = await FakeApi.open();
  const server = httpServer(fake.api);
  const path = join(folder, 'api.sock');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(async () => {
    server.close();
    server.closeAllConnections();
    await fake.close();
  });
  return { fake, folder, run: (...args) => runLvsctl(['--api', path, ...args]) };
}

const WEB = 'tcp 192.0.2.1:80';
const SERVER = `${WEB} -> 10.0.0.1:8080`;

t.test('what can be looked at', async (t) => {
  const { run } = await station(t);
  const all = await run('services');
  t.match(all, { status: 0, err: '' });
  t.match(all.out, /^tcp 192\.0\.2\.1:80 +wlc +kernel +file +\d +1 /m);
  t.match((await run('services', WEB)).out, /^10\.0\.0\.2:8080 +down /m);
  t.match(JSON.parse((await run('services', '--json', '--name', 'fwmark')).out), { total: 1 });
  t.match(await run('services', '--port', 'many'), { status: 1, err: /the request is not understood/ });
  for (const args of [['connections'], ['connections', '--service', WEB, '--state', 'established', '--templates']])
    t.match(await run(...args), { status: 0 });
  for (const args of [['events'], ['events', '--since', '0', '--level', 'warn', 'health.', 'vrrp.role']])
    t.match(await run(...args), { status: 0 });
  t.match(await run('top', '--once', '-i', '0.1', '--service', WEB, '--sort', 'bytes-in'), { status: 0, out: /^NAME/ });
  t.match(await run('history'), { status: 0, err: 'nothing was changed by the API yet\n' });
  t.match(await run('drain'), { status: 0, err: 'no drains\n' });
});

t.test('a service declared, tried, kept, taken back', async (t) => {
  const { fake, folder, run } = await station(t);
  const file = join(folder, 'mail.json');
  const mail = {
    id: 'tcp-192.0.2.9-25',
    by: 'address',
    protocol: 'tcp',
    address: '192.0.2.9',
    port: 25,
    scheduler: 'rr',
    destinations: [{ id: '10.0.0.25-25', address: '10.0.0.25', port: 25 }],
  };
  writeFileSync(file, JSON.stringify({ services: [mail] }));
  t.match(await run('plan', file), { status: 0, out: /\+ tcp 192\.0\.2\.9:25[\s\S]*; nothing was done\n$/ });
  t.match(await run('services', 'tcp-192.0.2.9-25'), { status: 1, err: /there is no service/ });
  t.match(await run('apply', file, '--confirm-within', '60', '--comment', 'mail'), {
    status: 0,
    out: /\nrevision 1: 2 changes .*\ntaken back at .* unless 'lvsctl confirm' is said before\n$/,
  });
  t.match((await run('services', 'tcp-192.0.2.9-25')).out, /from api/);
  t.match(await run('confirm'), { status: 0, out: 'revision 1 stays\n' });
  t.match(await run('confirm'), { status: 1, out: '' });
  t.match((await run('history')).out, /\n +1 .* commit, confirmed +.*mail/);
  writeFileSync(file, JSON.stringify({ services: [] }));
  t.match(await run('apply', file, '--prune', '--dry-run'), { status: 0, out: /- tcp 192\.0\.2\.9:25/ });
  t.match(await run('rollback', '--dry-run'), { status: 0, out: /- tcp 192\.0\.2\.9:25[\s\S]*nothing was done/ });
  t.match(await run('rollback', '0'), { status: 0, out: /revision 2: / });
  t.match(await run('services', 'tcp-192.0.2.9-25'), { status: 1 });
  writeFileSync(file, JSON.stringify([{ do: 'delete-service', id: 'tcp-192.0.2.1-80' }]));
  t.match(await run('apply', file), { status: 1, out: '', err: /^lvsctl: .*/ }, 'what is of the file');
  t.equal(fake.declared.declared().revision, 2);
});

t.test('maintenance and drains', async (t) => {
  const { run } = await station(t);
  t.match(await run('maintenance', 'on', SERVER, '--dry-run'), {
    status: 0,
    out: `${SERVER}: maintenance would be on\n`,
  });
  t.match(await run('maintenance', 'on', SERVER), { status: 0, out: `${SERVER}: maintenance on\n` });
  t.match((await run('services', WEB)).out, /^10\.0\.0\.1:8080 +maintenance /m);
  t.match(await run('maintenance', 'off', '10.0.0.1'), { status: 0, out: `${SERVER}: maintenance off\n` });
  t.match((await run('services', WEB)).out, /^10\.0\.0\.1:8080 +up /m);
  t.match(await run('drain', SERVER, '--within', '60'), { status: 0, out: /draining|drained/ });
  t.match(await run('drain'), { status: 0, out: new RegExp(`^${SERVER} `, 'm') });
  t.match(await run('undrain', WEB, '10.0.0.1:8080'), { status: 0 });
  t.match((await run('services', WEB)).out, /^10\.0\.0\.1:8080 +up /m);
  t.match(await run('drain', SERVER, '--then', 'remove'), { status: 1, out: '' }, 'it is of the file');
});
