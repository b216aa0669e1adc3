/** Alert rules and the dashboard for Grafana: promtool runs them, each is explained, and they ask only for what there is. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { alertedEvents, families, type FamilyName } from '../../../src/metrics/families.js';
import { sampleName } from '../../../src/metrics/text.js';

t.setTimeout(0); // whoever runs us sets the limit: promtool plays hours of 70 stories

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');
const rules = textOf('packaging/prometheus/lvsd.rules.yml');
const alerts = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name = '']) => name);

const promtool = (...args: readonly string[]) => {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, {
    cwd: join(root, 'packaging/prometheus'),
    encoding: 'utf8',
  });
  return { status, said: `${error?.message ?? ''}${stdout}${stderr}` };
};

t.test('promtool takes the rules', (t) => {
  const { status, said } = promtool('check', 'rules', 'lvsd.rules.yml');
  t.equal(status, 0, said);
  t.match(said, `${alerts.length} rules found`);
  t.end();
});

t.test('each alert fires when it should, and not otherwise', (t) => {
  const { status, said } = promtool('test', 'rules', 'lvsd.rules.test.yml');
  t.equal(status, 0, said);
  const tests = textOf('packaging/prometheus/lvsd.rules.test.yml');
  for (const name of alerts) {
    t.match(tests, `- name: ${name} fires\n`);
    t.match(tests, `- name: ${name} is quiet\n`);
  }
  t.end();
});

t.test('docs/operating.md says of every alert what it means and what to do', (t) => {
  const [, section = ''] = textOf('docs/operating.md').split('\n## Alerts\n');
  const told = section.split('\n## ')[0]!.split('\n### ').slice(1);
  t.same(
    told.map((text) => text.split('\n')[0]),
    alerts,
  );
  for (const text of told) {
    t.match(text, /\n\n\*(critical|warning|information)(, after \d+[smhd])?\.\* \S.{40}/s, text.split('\n')[0]!);
    t.match(text, /\n\n\*\*Do:\*\* \S.{40}/s, text.split('\n')[0]!);
  }
  for (const name of alerts) t.match(rules, `runbook: 'docs/operating.md#${name.toLowerCase()}'`);
  t.end();
});

/** Every name that a sample can have, with its labels. */
const known = new Map<string, readonly string[]>();
for (const name of Object.keys(families) as FamilyName[]) {
  const { type, labels = [] }: { readonly type: string; readonly labels?: readonly string[] } = families[name];
  if (type === 'histogram')
    for (const end of ['bucket', 'sum', 'count']) known.set(`${sampleName(name)}_${end}`, [...labels, 'le']);
  else known.set(sampleName(name), labels);
}

const OF_PROMETHEUS = ['job', 'instance'];

function mustBeKnown(t: Test, expression: string): void {
  for (const [, name = '', selector = ''] of expression.matchAll(/\b(lvsd_\w+)(?:\{([^}]*)\})?/g)) {
    const labels = known.get(name);
    t.ok(labels !== undefined, `${name} is a metric`);
    for (const [, label = ''] of selector.matchAll(/(\w+)=~?"/g))
      t.ok(OF_PROMETHEUS.includes(label) || labels?.includes(label) === true, `${name} has ${label}`);
  }
}

t.test('rules and dashboard ask for metrics that there are', (t) => {
  const expressions = [...rules.matchAll(/^ +expr: '(.*)'$/gm)].map(([, text = '']) => text.replaceAll("''", "'"));
  t.equal(expressions.length, alerts.length);
  const dashboard = textOf('packaging/grafana/lvsd.json');
  const asked = [...dashboard.matchAll(/"(?:expr|definition)": "((?:[^"\\]|\\.)*)"/g)].map(
    ([, text = '']) => JSON.parse(`"${text}"`) as string,
  );
  t.ok(asked.length > 40);
  for (const expression of [...expressions, ...asked]) mustBeKnown(t, expression);
  t.end();
});

t.test('events that an alert asks for are counted from 0 on', (t) => {
  const asked = [...rules.matchAll(/lvsd_events_total\{event=~?"([^"]*)"/g)].flatMap(([, names = '']) =>
    names.split('|'),
  );
  t.same([...new Set(asked)].sort(), [...alertedEvents]);
  const page = textOf('docs/operating.md');
  for (const event of alertedEvents) t.match(page, `| \`${event}\` |`);
  t.end();
});

t.test('the dashboard is one that Grafana takes', (t) => {
  interface Panel {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
  }
  const { panels, templating } = JSON.parse(textOf('packaging/grafana/lvsd.json')) as {
    readonly panels: readonly Panel[];
    readonly templating: { readonly list: readonly { readonly name: string }[] };
  };
  t.same(
    templating.list.map(({ name }) => name),
    ['datasource', 'job', 'instance', 'service'],
  );
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length, 'ids are unique');
  const taken = new Set<string>();
  for (const {
    title,
    type,
    targets = [],
    gridPos: { x, y, w, h },
  } of panels) {
    t.ok(title.length > 0 && x + w <= 24, title);
    if (type !== 'row') t.ok(targets.length > 0, title);
    t.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, `${title}: refIds`);
    for (let column = x; column < x + w; column++)
      for (let line = y; line < y + h; line++) {
        if (taken.has(`${column} ${line}`)) t.fail(`${title} overlaps another`);
        taken.add(`${column} ${line}`);
      }
  }
  t.end();
});
