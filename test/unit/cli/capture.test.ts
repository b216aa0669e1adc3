/** `lvsctl capture` where it cannot begin. What it writes: test/engine/explain.test.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { lvsctl } from '../../../src/cli/lvsctl.js';

const folder = mkdtempSync(join(tmpdir(), 'lvsd-capture-'));
t.teardown(() => rmSync(folder, { recursive: true }));

async function capture(file: string): Promise<{ readonly status: number; readonly err: string }> {
  let err = '';
  const output = { out: () => undefined, err: (text: string) => void (err += text) };
  const status = await lvsctl(['--control', join(folder, 'control.sock'), 'capture', '-w', file], output, {});
  return { status, err };
}

t.test('no engine', async (t) => {
  t.match(await capture('-'), { status: 1, err: /^lvsctl: no engine answers at .*engine\.sock: .*\n$/ });
});

t.test('a file that cannot be made: a sentence, and nobody stays connected', async (t) => {
  const left = new Promise<void>((resolve) => {
    const server: Server = createServer((socket) => socket.resume().once('close', resolve));
    server.listen(join(folder, 'engine.sock'));
    t.teardown(() => void server.close());
  });
  const { status, err } = await capture(join(folder, 'absent/x.pcapng'));
  t.equal(status, 1);
  t.match(err, /^lvsctl: .*absent\/x\.pcapng.*no such file or directory.*\n$/);
  await left;
});
