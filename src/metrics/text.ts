import { families, type Family, type FamilyName } from './families.js';

/** `prometheus`: its text format, version 0.0.4; `openmetrics`: version 1.0. */
export type Format = 'prometheus' | 'openmetrics';

export const contentTypes: Readonly<Record<Format, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** What every document of OpenMetrics ends with. */
export const endOf = (format: Format): string => (format === 'openmetrics' ? '# EOF\n' : '');

const suffixes: Readonly<Record<Family['type'], string>> = {
  counter: '_total',
  gauge: '',
  info: '_info',
  histogram: '',
};

/** Of a sample: `lvsd_service_connections_total`. */
export const sampleName = (name: FamilyName): string => `lvsd_${name}${suffixes[families[name].type]}`;

/** The lines in front of the samples of a family. OpenMetrics names it without the suffix of its samples. */
export function headOf(name: FamilyName, format: Format): string {
  const { type, help, unit }: Family = families[name];
  const isOpen = format === 'openmetrics';
  const named = isOpen ? `lvsd_${name}` : sampleName(name);
  const called = isOpen || type !== 'info' ? type : 'gauge';
  const measured = isOpen && unit !== undefined ? `# UNIT ${named} ${unit}\n` : '';
  return `# HELP ${named} ${escaped(help)}\n# TYPE ${named} ${called}\n${measured}`;
}

/** `{service="tcp 192.0.2.1:80",destination="10.0.0.1:80"}`; nothing: an empty text. */
export function labelsOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${quoted(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const UNSAFE = /["\\\n]/g;
const escapes: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n' };

/** A value of a label, without its quotes. */
export const quoted = (text: string): string => text.replace(UNSAFE, (letter) => escapes[letter] ?? letter);

const escaped = (help: string): string => help.replace(/[\\\n]/g, (letter) => escapes[letter] ?? letter);

/** NaN and the infinities are words of both formats. */
export const numberText = (value: number | bigint): string =>
  value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
