/** lvsctl plan, apply, confirm, rollback, history, drain, undrain, maintenance. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { changesTo, readDocument } from '../../../../src/cli/api/transactions.js';
import { progressText } from '../../../../src/cli/api/drains.js';
import { runLvsctl, type Said } from '../../../helpers/lvsctl-run.js';
import { temporaryDirectory } from '../../../helpers/program.js';
import { listed, Problem, type Scripts, scriptedApi } from '../../../helpers/scripted-api.js';
import { dns, one, resolver, site, two, web } from '../../../helpers/scripted-site.js';

const changed = {
  dryRun: false,
  revision: 7,
  steps: [
    {
      change: '- tcp 192.0.2.1:80 -> 10.0.0.1:8080',
      service: web.id,
      destination: one.id,
      effect: 'cut',
      established: 30,
      inactive: 60,
    },
    {
      change: '+ tcp 192.0.2.1:80 -> 10.0.0.3:8080',
      service: web.id,
      destination: '10.0.0.3-8080',
      effect: 'none',
      established: 0,
      inactive: 0,
    },
  ],
  advice: [],
  pending: null,
  stored: true,
};

async function station(
  t: Parameters<typeof scriptedApi>[0],
  scripts: Scripts,
): Promise<{
  readonly asked: string[];
  readonly run: (...args: readonly string[]) => Promise<Said>;
  readonly folder: string;
}> {
  const folder = temporaryDirectory(t);
  const { path, asked } = await scriptedApi(t, { ...site(), ...scripts }, folder);
  return { asked, folder, run: (...args) => runLvsctl(['--api', path, ...args]) };
}

t.test('apply and plan: a transaction goes as it is, and each step says whom it touches', async (t) => {
  const { asked, run, folder } = await station(t, {
    'POST /v1/transactions': ({ query, body }) => ({
      ...changed,
      dryRun: query.get('dryRun') === 'true',
      pending:
        (body as { confirmWithinSeconds?: number }).confirmWithinSeconds === undefined
          ? null
          : { revision: 7, until: Date.now() + 60_000, who: 'me' },
    }),
  });
  const file = join(folder, 'change.json');
  const changes = [{ do: 'delete-service', id: web.id }];
  writeFileSync(file, JSON.stringify({ changes, expectRevision: 6 }));
  t.strictSame(await run('plan', file), {
    status: 0,
    err: '',
    out: `CHANGE                               CONNECTIONS  ESTABLISHED  INACTIVE
- tcp 192.0.2.1:80 -> 10.0.0.1:8080  cut                   30        60
+ tcp 192.0.2.1:80 -> 10.0.0.3:8080  -                      0         0
2 changes of the forwarding table, established connections: 30 cut; nothing was done
`,
  });
  t.equal(asked.at(-1), `POST /v1/transactions?dryRun=true ${JSON.stringify({ changes, expectRevision: 6 })}`);
  t.match(await run('apply', file, '--dry-run'), { status: 0, out: /nothing was done/ });
  t.match(await run('apply', file, '--confirm-within', '60', '--comment', 'why not'), {
    status: 0,
    out: /\nrevision 7: 2 changes of the forwarding table, .*30 cut\ntaken back at \d{4}-.*, in (1 min|59 s|60 s), unless 'lvsctl confirm' is said before\n$/,
  });
  t.match(asked.at(-1), /"confirmWithinSeconds":60,"comment":"why not"}$/);
  t.strictSame(JSON.parse((await run('apply', file, '--json')).out), changed);
  writeFileSync(file, JSON.stringify(changes));
  await run('apply', file);
  t.equal(asked.at(-1), `POST /v1/transactions ${JSON.stringify({ changes })}`);
});

t.test('services as they are to be; with --prune no others', async (t) => {
  const { asked, run, folder } = await station(t, { 'POST /v1/transactions': () => changed });
  const file = join(folder, 'services.json');
  const service = { id: web.id, by: 'address', destinations: [] };
  writeFileSync(file, JSON.stringify({ services: [service] }));
  t.match(await run('apply', file), { status: 0 });
  t.equal(asked.at(-1), `POST /v1/transactions ${JSON.stringify({ changes: [{ do: 'put-service', service }] })}`);
  await run('apply', file, '--prune');
  const pruned = [
    { do: 'delete-service', id: dns.id },
    { do: 'put-service', service },
  ];
  t.equal(asked.at(-1), `POST /v1/transactions ${JSON.stringify({ changes: pruned })}`);
  t.same(
    changesTo(
      [],
      [
        { id: 'a', origin: 'api' },
        { id: 'b', origin: 'file' },
      ],
    ),
    [{ do: 'delete-service', id: 'a' }],
  );
  writeFileSync(file, '[]');
  t.match(await run('apply', file, '--prune'), { status: 1, err: /--prune goes with a document of "services"/ });
});

t.test('what is no document, and what the API refuses', async (t) => {
  const { run, folder } = await station(t, {
    'POST /v1/transactions': () => new Problem(409, 'it is not taken', [{ at: '/body/changes/0', detail: 'not so' }]),
  });
  const file = join(folder, 'x.json');
  const read = (text: string): unknown => readDocument('f', () => text);
  for (const [text, why] of [
    ['{', /f cannot be read as a document of JSON/],
    ['7', /it is no object and no list/],
    ['{}', /it has either "changes" or "services"/],
    ['{"changes":[],"services":[]}', /it has either/],
  ] as const)
    t.throws(() => read(text), { code: 'DOCUMENT_UNREADABLE', message: why });
  writeFileSync(file, '[]');
  t.match(await run('apply', file), {
    status: 1,
    out: '',
    err: 'lvsctl: it is not taken\n  /body/changes/0: not so\n',
  });
  t.match(await run('apply', join(folder, 'absent')), { status: 1, err: /absent cannot be read.*ENOENT/ });
  t.match(await run('apply'), { status: 2, err: /apply which one file\?/ });
  t.match(await run('apply', file, '--confirm-within', 'soon'), { status: 2, err: /--confirm-within is a number/ });
  t.match(await run('plan', '--prune'), { status: 2, err: /--prune goes with FILE/ });
  t.match(await run('plan', 'a', 'b'), { status: 2, err: /'b' is one word too many/ });
});

t.test('confirm, rollback, history', async (t) => {
  const now = Date.now();
  const { asked, run } = await station(t, {
    'POST /v1/transactions/confirm': () => ({ revision: 7, until: now, who: 'uid 0 (root)' }),
    'POST /v1/transactions/rollback': () => ({ ...changed, revision: 8, steps: [] }),
    'POST /v1/history/*/rollback': ({ query }) => ({ ...changed, dryRun: query.get('dryRun') === 'true' }),
    'GET /v1/history': () => ({
      revision: 7,
      pending: { revision: 7, until: now + 60_000, who: 'me' },
      ...listed(
        {
          revision: 7,
          at: now - 5000,
          who: 'uid 0 (root)',
          comment: 'new server',
          kind: 'commit',
          what: ['put-destination a', 'delete-destination b'],
          confirmed: false,
        },
        {
          revision: 6,
          at: now - 90_000,
          who: 'deploy',
          comment: null,
          kind: 'rollback',
          what: ['to 4'],
          confirmed: null,
        },
      ),
    }),
  });
  t.match(await run('confirm'), { status: 0, out: 'revision 7 stays\n' });
  t.match(await run('rollback'), {
    status: 0,
    out: 'revision 8: no change of the forwarding table, no established connection touched\n',
  });
  t.match(await run('rollback', '4', '--dry-run'), { status: 0, out: /nothing was done/ });
  t.equal(asked.at(-1), 'POST /v1/history/4/rollback?dryRun=true');
  t.match(await run('rollback', 'yesterday'), { status: 2, err: /'yesterday' is no revision/ });
  const { out, status } = await run('history', '-n', '5');
  t.equal(status, 0);
  t.match(asked.at(-1), 'GET /v1/history?limit=5');
  t.match(out, /^REVISION {2}WHEN +AGO +WHO +KIND +WHAT +COMMENT\n/);
  t.match(
    out,
    / 7 {2}\d{4}-\S+ \S+ +5 s {2}uid 0 \(root\) +commit, not confirmed +put-destination a and 1 more +new server\n/,
  );
  t.match(out, /\nrevision 7 is taken back at .* unless 'lvsctl confirm' is said before\n$/);
});

const drain = (server: typeof one | typeof two | typeof resolver, state: string, active: number): object => ({
  id: `d-${server.id}`,
  server: server.server,
  service: server.service,
  destination: server.id,
  then: 'keep',
  who: 'me',
  since: 0,
  until: Date.now() + 100_000,
  state,
  endedAt: null,
  connections: { active, inactive: 1, persistent: 0 },
});

t.test('drain: begun for one or for all that have the address, listed, waited for', async (t) => {
  let looks = 0;
  const { asked, run } = await station(t, {
    'POST /v1/services/*/destinations/*/drain': ({ path }) =>
      drain(path.includes('10.0.0.1') ? one : two, 'running', 3),
    'GET /v1/drains/*': () => (++looks < 3 ? drain(one, 'running', 3 - looks) : drain(one, 'drained', 0)),
    'GET /v1/drains': () => listed(drain(two, 'deadline', 5)),
  });
  t.match(await run('drain', one.server, '--within', '60'), {
    status: 0,
    out: /^SERVER +STATE +ACTIVE .*\ntcp 192\.0\.2\.1:80 -> 10\.0\.0\.1:8080 +draining +3 +1 .* 1 min 40 s|1 min 39 s/,
  });
  t.equal(asked.at(-1), `POST /v1/services/${web.id}/destinations/${one.id}/drain {"withinSeconds":60,"then":"keep"}`);
  for (const words of [
    ['192.0.2.1:80', '10.0.0.1:8080'],
    [web.id, one.id],
    ['10.0.0.1'],
    ['10.0.0.1:8080'],
    ['10.0.0.1-8080'],
  ]) {
    asked.length = 0;
    t.match(await run('drain', ...words), { status: 0 });
    t.match(asked.at(-1), `/destinations/${one.id}/drain`, words.join(' '));
  }
  t.match(await run('drain', '10.0.0.1:9999'), { status: 1, err: /there is no real server '10\.0\.0\.1:9999'/ });
  t.match(await run('drain', one.server, '--wait'), {
    status: 0,
    err: /^2 active, 1 inactive; 1 min \d+ s left\n1 active, .*\n0 active, /,
    out: / drained /,
  });
  t.match(await run('drain'), { status: 0, out: / time was up +5 / });
  t.match(await run('drain', 'x', '--then', 'burn'), { status: 2, err: /--then is keep or remove/ });
  t.match(await run('drain', '--wait'), { status: 2, err: /drain which server\?/ });
  t.match(await run('drain', 'x', '--within', '0'), { status: 2, err: /--within is a number of seconds/ });
});

t.test('a drain that ran out of time is no success', async (t) => {
  const { run } = await station(t, {
    'POST /v1/services/*/destinations/*/drain': () => drain(one, 'running', 3),
    'GET /v1/drains/*': () => drain(one, 'deadline', 2),
  });
  t.match(await run('drain', one.server, '--wait'), { status: 1, out: /time was up/ });
  t.equal(progressText([], 0).count, '0 active, 0 inactive');
});

t.test('undrain and maintenance', async (t) => {
  const { asked, run } = await station(t, {
    'GET /v1/services/*/destinations': () => ({ items: [{ ...one, drain: { id: 'd-1' } }, two] }),
    'DELETE /v1/drains/*': () => drain(one, 'cancelled', 3),
    'PATCH /v1/services/*/destinations/*': ({ query }) => ({ ...changed, dryRun: query.get('dryRun') === 'true' }),
  });
  t.match(await run('undrain', one.server), { status: 0, out: `${one.server}: takes new connections again\n` });
  t.equal(asked.at(-1), 'DELETE /v1/drains/d-1');
  t.match(await run('undrain', two.server), {
    status: 0,
    out: `${two.server}: maintenance off, 30 established connections\n`,
  });
  t.equal(asked.at(-1), `PATCH /v1/services/${web.id}/destinations/${two.id} {"maintenance":false}`);
  t.match(await run('maintenance', 'on', '10.0.0.2', '--dry-run'), {
    status: 0,
    out: `${two.server}: maintenance would be on, 30 established connections\n`,
  });
  t.equal(asked.at(-1), `PATCH /v1/services/${web.id}/destinations/${two.id}?dryRun=true {"maintenance":true}`);
  t.match(await run('maintenance'), { status: 2, err: /maintenance on or off\?/ });
  t.match(await run('maintenance', 'on'), { status: 2, err: /maintenance on for which server\?/ });
});
