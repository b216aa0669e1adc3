/** Groups on interfaces of a machine of our own. */
import '../../helpers/own-machine.js';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import t from 'tap';
import { type GroupSocket, openGroup } from '../../../src/addon/multicast.js';
import { eventually } from '../../lab/eventually.js';

const PORT = 8848;
const LIMIT_MS = 60_000;

function ip(...words: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${stderr}`);
}

/** Two interfaces, each with its other end. */
function plug(name: string, n: number): void {
  ip('link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}-end`);
  ip('address', 'add', `10.9.${n}.1/24`, 'dev', name);
  for (const end of [name, `${name}-end`]) ip('link', 'set', end, 'up');
}

plug('one', 1);
plug('two', 2);

interface Case {
  readonly family: 'udp4' | 'udp6';
  readonly group: string;
  /** What a sender calls the interface, and the group there. */
  readonly via: (name: string) => { readonly interface: string; readonly group: string };
}
const cases: readonly Case[] = [
  {
    family: 'udp4',
    group: '224.0.0.81',
    via: (name) => ({ interface: name === 'one' ? '10.9.1.1' : '10.9.2.1', group: '224.0.0.81' }),
  },
  { family: 'udp6', group: 'ff02::81', via: (name) => ({ interface: `::%${name}`, group: `ff02::81%${name}` }) },
];

/** As another program of this machine, which hears itself. */
async function say(text: string, family: Case['family'], via: ReturnType<Case['via']>): Promise<void> {
  const socket = createSocket(family);
  try {
    await new Promise<void>((resolve) => void socket.bind(0, resolve));
    socket.setMulticastInterface(via.interface);
    await new Promise<void>((resolve, reject) => {
      socket.send(text, PORT, via.group, (error) => (error === null ? resolve() : reject(error)));
    });
  } finally {
    socket.close();
  }
}

for (const { family, group, via } of cases)
  t.test(`${group}: what is sent there on its interface, and nothing else`, async (t) => {
    const open = (into: string[]): GroupSocket => {
      const order = { group, interface: 'one', port: PORT, ttl: 1 };
      const socket = openGroup(order, {
        message: (bytes) => void into.push(Buffer.from(bytes).toString()),
        error: (error) => void into.push(error.message),
      });
      t.teardown(() => {
        socket.close();
      });
      return socket;
    };
    const [heard, beside]: [string[], string[]] = [[], []];
    const socket = open(heard);
    open(beside);
    const until = (list: readonly string[], last: string): Promise<void> =>
      eventually(async () => {
        await say(last, family, via('one')); // the first may be too early: IPv6 has to settle
        if (list.at(-1) !== last) throw new Error(`never: ${last}, but ${list.join(' ')}`);
      }, LIMIT_MS);
    await until(beside, 'here');
    await eventually(() => say('elsewhere', family, via('two')), LIMIT_MS);
    socket.send(Buffer.from('ours'));
    await until(heard, 'after');
    await until(beside, 'after');
    for (const list of [heard, beside]) t.strictSame([...new Set(list)], ['here', 'after']);
    t.notOk(socket.isLost());
    socket.close();
    socket.close();
    const before = heard.length;
    await until(beside, 'late');
    t.equal(heard.length, before, 'nothing once it is closed');
  });

t.test('an interface that goes away, and another one with its name', (t) => {
  for (const group of ['224.0.0.81', 'ff02::81']) {
    plug('three', 3);
    const socket = openGroup(
      { group, interface: 'three', port: PORT, ttl: 1 },
      { message: () => undefined, error: () => undefined },
    );
    t.notOk(socket.isLost());
    ip('link', 'delete', 'three');
    t.ok(socket.isLost());
    plug('three', 3);
    t.ok(socket.isLost(), 'it is another one');
    t.throws(() => socket.send(Buffer.from('x')));
    socket.close();
    ip('link', 'delete', 'three');
  }
  const missing = { group: '224.0.0.81', interface: 'none', port: PORT, ttl: 1 };
  t.throws(() => openGroup(missing, { message: () => undefined, error: () => undefined }), { code: 'ENODEV' });
  t.end();
});
