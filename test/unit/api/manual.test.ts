/** docs/api.md says what the API is. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { parseServiceId } from '../../../src/model/ids.js';
import { readConfiguration } from '../../../src/config/read.js';
import { errorCodes } from '../../../src/errors.js';
import { operationsOf } from '../../helpers/api-operations.js';
import { FakeApi } from '../../helpers/fake-api.js';
import type { Plain } from '../../helpers/json-schema.js';

const manual = readFileSync(new URL('../../../../docs/api.md', import.meta.url), 'utf8');
const fake = await FakeApi.open();
t.teardown(() => fake.close());
const operations = operationsOf((await fake.api.inject('/v1/openapi.json')).json<Plain>());

t.test('its table of routes is that of the OpenAPI document', (t) => {
  const rows = [...manual.matchAll(/^\| ([A-Z]+) \| `(\/v1\/[^`]*)` \| (.*) \|$/gm)].map(([, ...row]) => row);
  t.same(rows.sort(), operations.map(({ method, path, summary }) => [method, path, summary]).sort());
  t.end();
});

t.test('its examples are asked as they stand', (t) => {
  const asked = [
    ...manual.matchAll(/^lvs (?:-X ([A-Z]+) )?'?http:\/\/lvs([^\s?']+)(?:\?([^\s']*))?'?(?: -d '(.*)')?$/gm),
  ];
  t.ok(asked.length > 5);
  const all = asked.map(async ([, method = 'GET', path = '', query = '', payload]) => {
    const url = query === '' ? path : `${path}?${query}`;
    const headers = { 'content-type': 'application/json' };
    // curl -d makes it a body; without it the header alone stays
    const answer = await fake.api.inject({ method: method as 'GET', url, headers, ...(payload && { payload }) });
    t.ok(answer.statusCode < 300, `${method} ${url}: ${answer.body}`);
  });
  return Promise.all(all);
});

t.test('its file is one', (t) => {
  const [, text = ''] = /^```\n(api \{\n[\s\S]*?)```/m.exec(manual) ?? [];
  const { configuration, diagnostics } = readConfiguration({ file: 'f', text });
  t.same(diagnostics, []);
  t.equal(configuration?.api.listeners.length, 2);
  t.end();
});

t.test('its ids are ids, and its codes are codes', (t) => {
  const ids = [...manual.matchAll(/^\| `((?:tcp|udp|any|fwmark)-[^`]*)` \|/gm)].map(([, id = '']) => id);
  t.equal(ids.length, 4);
  for (const id of ids) t.ok(parseServiceId(id), id);
  for (const [, code = ''] of manual.matchAll(/"code": "(\w+)"/g))
    t.ok((errorCodes as readonly string[]).includes(code), code);
  t.end();
});

t.test('the refusal that it shows is the one that comes', async (t) => {
  const answer = await fake.api.inject({
    method: 'PATCH',
    url: '/v1/services/tcp-192.0.2.1-80/destinations/10.0.0.1-8080',
    payload: { weight: 1, wieght: 2 },
  });
  const [, shown = ''] = /^(\{\n {2}"type"[\s\S]*?^\})/m.exec(manual) ?? [];
  t.same(answer.json(), JSON.parse(shown));
});
