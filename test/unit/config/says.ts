import { formatDiagnostic } from '../../../src/config/diagnostics.js';
import type { ParseOptions } from '../../../src/config/parse.js';
import { readConfiguration } from '../../../src/config/read.js';

/** What is said about a text, each line without the name of its file: `2:3: ...`. */
export const says = (text: string, options: ParseOptions = {}): readonly string[] =>
  readConfiguration({ file: 'f', text }, options).diagnostics.map((one) => formatDiagnostic(one).replace(/^f:/, ''));

/** The lines of a virtual_server for one address, which is complete: line 5 is the first of `lines`. */
export const service = (...lines: readonly string[]): string =>
  ['virtual_server 10.0.0.1 80 {', 'protocol TCP', 'lvs_sched rr', 'lvs_method NAT', ...lines, '}', ''].join('\n');

/** One with a real server that has `lines`, the first of them line 6. */
export const server = (...lines: readonly string[]): string => service('real_server 10.1.0.1 80 {', ...lines, '}');
