/** lvsctl events: what is kept, and what comes, over a stream that breaks. */
import type { ServerResponse } from 'node:http';
import fc from 'fast-check';
import t from 'tap';
import { eventReader } from '../../../../src/cli/api/event-stream.js';
import { eventText, follow } from '../../../../src/cli/api/events.js';
import { openApi } from '../../../../src/cli/api-client.js';
import type { ShownEvent } from '../../../../src/cli/api/documents.js';
import { plain } from '../../../../src/cli/sheet.js';
import { runLvsctl } from '../../../helpers/lvsctl-run.js';
import { temporaryDirectory } from '../../../helpers/program.js';
import { scriptedApi } from '../../../helpers/scripted-api.js';

const event = (id: number, more: object = {}): ShownEvent => ({
  id,
  at: new Date(2026, 10, 22, 3, 4, id % 60).getTime(),
  event: 'health.down',
  level: 'warn',
  server: `tcp 192.0.2.1:80 -> 10.0.0.${id}:80`,
  ...more,
});

t.test('an event on a line', (t) => {
  t.equal(
    eventText(event(5, { attempts: 3, reason: 'refused\x1b[2J', peer: null, list: ['a'] }), { paint: plain }),
    "2026-11-22 03:04:05 warn  health.down server='tcp 192.0.2.1:80 -> 10.0.0.5:80' attempts=3 reason='refused·[2J' peer=null list=[\"a\"]",
  );
  t.end();
});

t.test('server-sent events, cut anywhere', (t) => {
  const stream =
    'retry: 2000\n\n:\n\nevent: reset\ndata: {"after":1}\n\nid: 7\ndata: {"a":1}\n\nid: 8\n\ndata: a\ndata: b\n\nid: 9\ndata: torn';
  const whole = [
    { type: 'reset', data: '{"after":1}' },
    { id: '7', type: 'message', data: '{"a":1}' },
    { id: '8', type: 'message', data: '' },
    { type: 'message', data: 'a\nb' },
  ];
  t.strictSame(eventReader()(stream), whole);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: stream.length - 1 }), { maxLength: 9 }), (cuts) => {
      const read = eventReader();
      const places = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
      const events = places.slice(1).flatMap((to, i) => read(stream.slice(places[i], to)));
      t.strictSame(events, whole);
    }),
  );
  t.end();
});

t.test('what is kept: the last ones, those behind an id, as JSON', async (t) => {
  const kept = Array.from({ length: 30 }, (_, i) => event(i + 1));
  const { path, asked } = await scriptedApi(t, {
    'GET /v1/events': ({ query }) => {
      const after = Number(query.get('after'));
      const items = kept.filter(({ id }) => id > after).slice(0, 12);
      const next = items.at(-1)?.id ?? after;
      return { items, next, isMore: next < 30, reset: after === 3 };
    },
  });
  const run = (...args: readonly string[]) => runLvsctl(['--api', path, 'events', ...args]);
  const ids = (out: string): readonly number[] => [...out.matchAll(/10\.0\.0\.(\d+):80'/g)].map(([, id]) => Number(id));
  t.same(
    ids((await run()).out),
    Array.from({ length: 20 }, (_, i) => i + 11),
  );
  t.same(ids((await run('-n', '3')).out), [28, 29, 30]);
  t.equal((await run('-n', '0')).out, '');
  t.same(ids((await run('--since', '25')).out), [26, 27, 28, 29, 30]);
  t.match(await run('--since', '3'), { status: 0, err: 'lvsctl: some events are not kept any more\n' });
  const lines = (await run('--json', '-n', '2')).out.trimEnd().split('\n');
  t.same(
    lines.map((line) => JSON.parse(line) as unknown),
    kept.slice(-2),
  );
  await run('health.', 'vrrp.role', '--level', 'warn');
  t.match(asked.at(-1), /^GET \/v1\/events\?event=health\.,vrrp\.role&level=warn&after=\d+&limit=1000$/);
  for (const [args, wrong] of [
    [['--since', 'x'], /--since is the id of an event/],
    [['-n', 'x'], /-n is a number/],
    [['--since', '1', '-n', '1'], /either --since or -n/],
    [['--level', 'loud'], /--level is info, warn, error/],
    [['Health!'], /'Health!' is no name of an event/],
  ] as const)
    t.match(await run(...args), { status: 2, err: wrong });
});

t.test('what comes: it goes on where it was, over an end of the director, and says what is lost', async (t) => {
  const folder = temporaryDirectory(t);
  const begun: (string | undefined)[] = [];
  const script = (write: (response: ServerResponse) => void) => ({
    'GET /v1/events': (
      { headers }: { readonly headers: Readonly<Record<string, unknown>> },
      response: ServerResponse,
    ) => {
      begun.push(headers['last-event-id'] as string | undefined);
      t.equal(headers['accept'], 'text/event-stream');
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      write(response);
      return undefined;
    },
  });
  const frame = (id: number): string => `id: ${id}\ndata: ${JSON.stringify(event(id))}\n\n`;
  const first = await scriptedApi(
    t,
    script((response) => response.end(`${frame(8)}${frame(9)}id: 12\n\n`)),
    folder,
  );
  const printed: number[] = [];
  const said: string[] = [];
  let pauses = 0;
  const api = openApi(first.path);
  t.teardown(() => api.close());
  await follow(
    {
      api,
      output: { out: () => undefined, err: (text) => void said.push(text) },
      print: ({ id }) => void printed.push(id),
      patience: {
        isOver: () => printed.includes(20),
        pause: async () => {
          pauses++;
          if (pauses === 1) await first.close();
          // nobody is there the second time
          if (pauses === 2)
            await scriptedApi(
              t,
              script((response) => response.end(`event: reset\ndata: {}\n\n${frame(20)}`)),
              folder,
            );
        },
      },
    },
    7,
    {},
  );
  t.same(printed, [8, 9, 20]);
  t.same(begun, ['7', '12']);
  t.equal(pauses, 2);
  t.same(said, ['lvsctl: some events are not kept any more\n']);
});

t.test('a stream that never began is told at once', async (t) => {
  const api = openApi('/nowhere/api.sock');
  await t.rejects(
    follow(
      {
        api,
        output: { out: () => undefined, err: () => undefined },
        print: () => undefined,

        patience: { isOver: () => false, pause: () => Promise.resolve() },
      },
      0,
      {},
    ),
    { code: 'API_ABSENT' },
  );
});
