/** docs/metrics.md, made from src/metrics/families.ts. */
import { usualMetrics } from '../../src/config/metrics.js';
import { families, type Family, type FamilyName } from '../../src/metrics/families.js';
import { sampleName } from '../../src/metrics/text.js';

/** The parts of the page, each by the first family of it. */
const parts: readonly (readonly [title: string, from: FamilyName])[] = [
  ['Services and destinations', 'service_connections'],
  ['The director', 'director'],
  ['The configuration', 'config'],
  ['What happened', 'events'],
  ['Virtual routers and the pair', 'vrrp_up'],
  ['The userspace engine', 'engine_up'],
  ['lvsd itself', 'event_loop_delay_seconds'],
  ['This scrape', 'table_read_successful'],
];

const names = Object.keys(families) as readonly FamilyName[];

const row = (name: FamilyName): string => {
  const { type, help, labels = [] }: Family = families[name];
  return `| \`${sampleName(name)}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`;
};

const tables = parts.map(([title, from], i) => {
  const next = parts[i + 1];
  const rows = names.slice(names.indexOf(from), next === undefined ? undefined : names.indexOf(next[1])).map(row);
  return `## ${title}\n\n| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
});

export const metricsPage = (): string =>
  `# Metrics

What \`GET /metrics\` of the API tells ([api.md](api.md)), as Prometheus's text or, where \`accept\` says so, as OpenMetrics 1.0. Made from
src/metrics/families.ts by \`npm run docs\`.

\`\`\`
scrape_configs:
  - job_name: lvsd                 # both directors of a pair under one job
    scheme: https
    authorization: { credentials_file: /etc/prometheus/lvsd.token }   # a token of role read
    static_configs: [{ targets: ['lb1.example.com:8443', 'lb2.example.com:8443'] }]
\`\`\`

* \`service\` and \`destination\` are names as the log and \`lvsctl\` have them: \`tcp 192.0.2.1:80\`, \`10.0.0.1:8080\`; \`virtual_server\` is that of the file.
* A scrape reads the kernel's table once, and never more often than it is asked; scrapes at the same time share it. Virtual routers, pair and engine are
  asked with it, a second at most. Whatever does not answer is told of as 0, and the rest is told all the same.
* Series of services and destinations are bounded: \`metrics { series N }\`, ${usualMetrics.series} where it is not said. Services go first, then who is up and with
  which weight, then what destinations count, of one service all or none. What is left out is counted (\`lvsd_series_left_out\`) and is in the log
  (\`metrics.limited\`). \`metrics { destinations off }\`: services alone.
* Nothing is begun anew by a reader: any number of Prometheus servers may scrape. Counters of a service begin at 0 when it is made, or zeroed.
* Eight scrapes may be under way; more are told to come again (429).

Alerts that use them are in \`packaging/prometheus\`, explained in [operating.md](operating.md#alerts); a dashboard for Grafana is in \`packaging/grafana\`.

${tables.join('\n')}`;
