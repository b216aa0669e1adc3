import t from 'tap';
import { parseLvsctl } from '../../../src/cli/lvsctl.js';
import { decodeRequest } from '../../../src/cli/control.js';
import { momentOf, printPush, pushStatusText } from '../../../src/cli/push.js';
import type { PushResult } from '../../../src/pair/push-order.js';

const parse = (...args: readonly string[]): unknown => {
  const read = parseLvsctl(['push', ...args], {});
  return 'request' in read ? read.request : 'wrong' in read ? read.wrong : read;
};
const usual = { file: null, when: null, checkOnly: false, force: false };

t.test('the command line', (t) => {
  t.same(parse(), { do: 'push', order: usual });
  t.same(parse('-f', '/a/../b.conf', '--force'), { do: 'push', order: { ...usual, file: '/b.conf', force: true } });
  t.same(parse('--check'), { do: 'push', order: { ...usual, checkOnly: true } });
  t.same(parse('--in', '2.5'), { do: 'push', order: { ...usual, when: { inMs: 2500 } } });
  t.same(parse('--at', '2999-11-21T23:30:00Z'), {
    do: 'push',
    order: { ...usual, when: { atMs: Date.parse('2999-11-21T23:30:00Z') } },
  });
  t.same(parse('--status'), { do: 'push-status' });
  t.same(parse('--cancel'), { do: 'push-cancel' });
  t.equal(parse('--status', '--force'), '--status stands alone');
  t.equal(parse('--cancel', '--status'), '--status stands alone');
  t.equal(parse('--at', '23:00', '--in', '1'), 'either --at or --in');
  t.equal(parse('--in', 'soon'), "--in is a number of seconds, not 'soon'");
  t.equal(parse('--at', '2001-01-01T00:00:00Z'), '2001-01-01T00:00:00Z is over');
  t.equal(parse('--check', '--in', '5'), '--check is done at once');
  for (const at of ['25:00', '23:60', '7:00', '2026-11-21', 'noon', '2026-13-01T00:00:00Z'])
    t.equal(parse('--at', at), `--at is 23:30, 23:30:15 or 2026-11-21T23:30:00Z, not '${at}'`);
  t.end();
});

t.test('a time of the day is the next one', (t) => {
  const now = new Date(2026, 10, 21, 12, 0, 0).getTime();
  const at = (time: string): string => {
    const when = momentOf(time, undefined, now);
    return when !== null && 'atMs' in when ? new Date(when.atMs).toString().slice(4, 24) : 'wrong';
  };
  t.equal(at('12:00'), 'Nov 21 2026 12:00:00');
  t.equal(at('12:00:01'), 'Nov 21 2026 12:00:01');
  t.equal(at('11:59'), 'Nov 22 2026 11:59:00');
  t.equal(at('2026-11-21T12:30'), 'Nov 21 2026 12:30:00');
  t.end();
});

t.test('what the daemon takes for a request', (t) => {
  for (const request of [
    { do: 'push', order: usual },
    { do: 'push', order: { file: '/a', when: { atMs: 5 }, checkOnly: true, force: true } },
    { do: 'push', order: { ...usual, when: { inMs: 0 } } },
    { do: 'push-status' },
    { do: 'push-cancel' },
  ])
    t.same(decodeRequest(JSON.stringify(request)), request);
  for (const order of [
    undefined,
    null,
    { ...usual, file: 'relative' },
    { ...usual, file: 5 },
    { ...usual, when: {} },
    { ...usual, when: { inMs: -1 } },
    { ...usual, when: { inMs: '5' } },
    { ...usual, force: 1 },
    { ...usual, checkOnly: undefined },
  ])
    t.equal(decodeRequest(JSON.stringify({ do: 'push', order })), undefined);
  t.end();
});

const result = (end: PushResult['end'], atMs: number | null = null): PushResult => ({
  id: '0123456789abcdef',
  end,
  complaints: { here: [], peer: ["/etc/lvsd.conf:3:4: 'x' is \u001b[31mwrong"] },
  fingerprint: 'f00',
  atMs,
});

function printed(told: PushResult, json = false): { status: number; out: string; err: string } {
  const [out, err]: [string[], string[]] = [[], []];
  const status = printPush(told, json, { out: (text) => out.push(text), err: (text) => err.push(text) });
  return { status, out: out.join(''), err: err.join('') };
}

t.test('what is printed', (t) => {
  t.same(printed(result({ is: 'in-force' })), {
    status: 0,
    out: 'in force on both (f00)\n',
    err: "peer: /etc/lvsd.conf:3:4: 'x' is ·[31mwrong\n",
  });
  t.match(printed(result({ is: 'checked' })), { status: 0, out: 'both would take it (f00); nothing was changed\n' });
  t.match(printed(result({ is: 'scheduled' }, 0)), {
    status: 0,
    out: 'both would take it (f00), and begin at 1970-01-01T00:00:00.000Z\n',
  });
  t.match(printed(result({ is: 'refused', why: ['peer: no', 'here: no'] })), {
    status: 1,
    out: '',
    err: /refused; nothing was changed\n {2}peer: no\n {2}here: no\n$/,
  });
  t.match(printed(result({ is: 'back', why: ['here: no'], peer: 'back' })), { status: 1, err: /gone back on both\n/ });
  t.match(printed(result({ is: 'back', why: [], peer: 'unknown' })), {
    status: 1,
    err: /gone back here; of the peer nothing is known: it goes back by itself unless/,
  });
  t.match(printed(result({ is: 'apart', why: ['here: no'] })), {
    status: 1,
    err: /different configurations now: push/,
  });
  const { out } = printed(result({ is: 'apart', why: [] }), true);
  t.same(JSON.parse(out), result({ is: 'apart', why: [] }));
  t.end();
});

t.test('the status', (t) => {
  t.equal(
    pushStatusText({ fingerprint: 'f00', accepts: false, running: null, last: null, here: 'trial' }),
    'in force here: f00; pushes of the peer are refused\na push of the peer is trial\n',
  );
  t.equal(
    pushStatusText({
      fingerprint: null,
      accepts: true,
      running: { id: 'a', state: 'agreed', atMs: 0 },
      last: result({ is: 'in-force' }),
      here: 'offered',
    }),
    `in force here: nothing that comes from files; pushes of the peer are taken
agreed, at 1970-01-01T00:00:00.000Z (push a)
last push: in force on both (f00)
`,
  );
  t.end();
});
