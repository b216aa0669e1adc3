import type { Configuration } from '../../src/config/configuration.js';
import { formatDiagnostic } from '../../src/config/diagnostics.js';
import { readConfiguration } from '../../src/config/read.js';
import type { Table } from '../../src/model/table.js';

/** The configuration of a text that must be right. */
export function configurationOf(text: string): Configuration {
  const { configuration, diagnostics } = readConfiguration({ file: 'test.conf', text });
  if (configuration === undefined) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return configuration;
}

export interface SiteOptions {
  readonly vip?: string;
  readonly globals?: string;
  readonly service?: string;
  /** Lines of each real server by its last octet. */
  readonly servers?: Readonly<Record<number, string>>;
}

/** One virtual server `192.0.2.1 80` with real servers `10.0.0.N 80`. */
export const site = ({
  vip = '192.0.2.1',
  globals = '',
  service = '',
  servers = { 1: '', 2: '' },
}: SiteOptions = {}): string =>
  [
    `global_defs {\n${globals}\n}`,
    `virtual_server ${vip} 80 {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\ndelay_loop 5\n${service}`,
    ...Object.entries(servers).map(([octet, lines]) => `real_server 10.0.0.${octet} 80 {\n${lines}\n}`),
    '}\n',
  ].join('\n');

/** A table as text, one line per service and destination: what a test compares. */
export const tableText = (table: Table): string[] =>
  [...table].flatMap(([service, { settings, destinations }]) => [
    `${service} ${settings.scheduler}`,
    ...[...destinations].map(
      ([
        name,
        {
          settings: { weight },
        },
      ]) => `  ${name} ${weight}`,
    ),
  ]);
