/** Who is at the other end of a Unix socket. Other users are in test/unit/daemon/api-listeners.test.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { addon } from '../../../src/addon/addon.js';
import { peerCredentialsOf } from '../../../src/addon/peer-credentials.js';

/** Both ends of a connection. */
async function pair(t: Test, where: string | number): Promise<{ readonly accepted: Socket; readonly client: Socket }> {
  const server: Server = createServer();
  const listening = new Promise<void>((resolve) => server.listen(where, resolve));
  await listening;
  const address = server.address();
  const accepting = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = typeof address === 'string' ? connect(address) : connect(address?.port ?? 0, '127.0.0.1');
  const accepted = await accepting;
  t.teardown(() => {
    accepted.destroy();
    client.destroy();
    server.close();
  });
  return { accepted, client };
}

t.test('of a Unix socket: this process', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const { accepted } = await pair(t, join(folder, 's'));
  const { pid, uid, gid, groups } = peerCredentialsOf(accepted);
  t.same({ pid, uid, gid }, { pid: process.pid, uid: process.geteuid?.(), gid: process.getegid?.() });
  const own = new Set(process.getgroups?.());
  t.ok(groups.every((group) => own.has(group)));
  accepted.destroy();
  t.throws(() => peerCredentialsOf(accepted), { code: 'EBADF' }, 'closed');
});

t.test('of what is none', async (t) => {
  const { accepted } = await pair(t, 0);
  t.throws(() => peerCredentialsOf(accepted), { code: 'EINVAL', syscall: 'getsockopt' }, 'TCP');
  t.throws(() => addon().peerCredentials(-1), { code: 'EBADF' });
});
