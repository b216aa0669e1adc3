import { readFileSync } from 'node:fs';
import { addon } from '../../addon/addon.js';
import type { Configuration } from '../../config/configuration.js';
import { type Diagnostic, Diagnostics } from '../../config/diagnostics.js';
import { includeFiles, parseFile, readConfigurationFile } from '../../config/include.js';
import { parse } from '../../config/parse.js';
import { printTree } from '../../config/print.js';
import { readConfiguration, shape } from '../../config/read.js';
import { configurationOfTable } from '../../convert/from-table.js';
import { comment, configurationText, type Item } from '../../convert/items.js';
import { configurationOfLdirectord } from '../../convert/ldirectord/ldirectord.js';
import type { Resolver } from '../../convert/ldirectord/servers.js';
import { tableOfConfiguration } from '../../convert/to-table.js';
import { linesOfFiles, wantsColour } from '../check/excerpt.js';
import { hasErrors } from '../check/verdict.js';
import { complaintsText } from '../complaints.js';
import { type Names, systemNames } from '../ipvsadm/names.js';
import { answer, type Output } from '../face.js';
import { loadLines } from './load-lines.js';
import { type ConvertOrder, parseConvert } from './options.js';
import { tableLines } from './table-lines.js';

/** What `convert` needs of the world; for tests. */
export interface ConvertWorld {
  readonly names: Names;
  /** All of standard input. */
  readonly standardInput: () => string;
  readonly terminal: boolean;
}

const thisWorld = (): ConvertWorld => ({
  names: systemNames(addon),
  standardInput: () => readFileSync(0, 'utf8'),
  terminal: process.stderr.isTTY,
});

/** `lvsd convert`: nothing is printed that is not complete; what could not be carried over is said at its line. */
export function convert(
  args: readonly string[],
  output: Output,
  environment: NodeJS.ProcessEnv,
  world: ConvertWorld = thisWorld(),
): number {
  return answer('lvsd convert', parseConvert(args), output, (order) => carryOut(order, output, environment, world));
}

function carryOut(order: ConvertOrder, output: Output, environment: NodeJS.ProcessEnv, world: ConvertWorld): number {
  const source = readSource(order, world);
  if (typeof source === 'string') {
    output.err(`lvsd convert: ${source}\n`);
    return 1;
  }
  const { text, diagnostics, texts } = converted(order, source, environment, world);
  const lines = linesOfFiles((file) => texts.get(file) ?? readFileSync(file, 'utf8'));
  output.err(complaintsText(diagnostics, { lines, colour: wantsColour(world.terminal, environment) }));
  if (text === undefined || (order.strict && diagnostics.length > 0)) return 1;
  output.out(text);
  return 0;
}

interface Source {
  readonly file: string;
  readonly text: string;
}

const STANDARD_INPUT = '-';

function readSource({ file }: ConvertOrder, { standardInput }: ConvertWorld): Source | string {
  try {
    if (file === undefined) return { file: STANDARD_INPUT, text: standardInput() };
    return { file, text: readFileSync(file, 'utf8') };
  } catch (error) {
    return `${file ?? 'standard input'} cannot be read: ${(error as Error).message}`;
  }
}

interface Result {
  /** undefined: refused. */
  readonly text: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** Texts that complaints are about, by the name they have there. */
  readonly texts: ReadonlyMap<string, string>;
}

function converted(order: ConvertOrder, source: Source, environment: NodeJS.ProcessEnv, world: ConvertWorld): Result {
  return order.from === 'lvsd'
    ? ofConfiguration(order, source, environment)
    : ofOtherLanguage(order, source, world.names);
}

/** From our language: to lines, or to the same language written evenly, in one file and without variables. */
function ofConfiguration({ file, to }: ConvertOrder, source: Source, environment: NodeJS.ProcessEnv): Result {
  const options = { includes: includeFiles, environment };
  const reading =
    file === undefined ? readConfiguration(source, options) : readConfigurationFile(file, { environment });
  const { configuration, diagnostics } = reading;
  const texts = new Map([[source.file, source.text]]);
  if (configuration === undefined) return { text: undefined, diagnostics, texts };
  if (to === 'ipvsadm') {
    const lines = linesOf(configuration);
    return { text: lines.text, diagnostics: [...diagnostics, ...lines.diagnostics], texts };
  }
  const tree = file === undefined ? parse(source, options, shape, new Diagnostics()) : parseFile(file, { environment });
  return { text: tree === undefined ? undefined : printTree(tree), diagnostics, texts };
}

/** Every road goes through our language: what is printed in the end was read as a configuration without an error. */
function ofOtherLanguage(order: ConvertOrder, source: Source, names: Names): Result {
  const { text, diagnostics } = asConfiguration(order, source, names);
  const made = { file: `${source.file} (converted)`, text };
  const texts = new Map([source, made].map((one) => [one.file, one.text]));
  if (hasErrors(diagnostics)) return { text: undefined, diagnostics, texts };
  const reading = readConfiguration(made);
  const errors = reading.diagnostics.filter(({ severity }) => severity === 'error');
  if (reading.configuration === undefined) return { text: undefined, diagnostics: [...diagnostics, ...errors], texts };
  if (order.to === 'lvsd') return { text, diagnostics, texts };
  const lines = linesOf(reading.configuration);
  return { text: lines.text, diagnostics: [...diagnostics, ...lines.diagnostics], texts };
}

function linesOf(configuration: Configuration): { readonly text: string; readonly diagnostics: readonly Diagnostic[] } {
  const { services, diagnostics } = tableOfConfiguration(configuration);
  return { text: tableLines(services, configuration), diagnostics };
}

function asConfiguration(
  { from }: ConvertOrder,
  source: Source,
  names: Names,
): { readonly text: string; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics = new Diagnostics();
  const items =
    from === 'ipvsadm'
      ? tableItems(source, names, diagnostics)
      : configurationOfLdirectord(source, resolverOf(names), diagnostics);
  const title = from === 'ipvsadm' ? 'ipvsadm lines' : 'an ldirectord.cf';
  const text = configurationText([comment(`Made by 'lvsd convert' from ${title}.`), ...items]);
  return { text, diagnostics: diagnostics.sorted([source.file]) };
}

/** Of lines that are refused nobody knows what else would be in the table. */
function tableItems(source: Source, names: Names, diagnostics: Diagnostics): readonly Item[] {
  const table = loadLines(source, names, diagnostics);
  return diagnostics.hasErrors ? [] : configurationOfTable(table, diagnostics);
}

/** The system finds IPv4 addresses by name only. */
const resolverOf = (names: Names): Resolver => ({
  host: (name, family) => (family === 'ip4' ? names.hostByName(name) : undefined),
  port: (name, protocol) => names.serviceByName(name, protocol === 'udp' ? 'udp' : 'tcp'),
});
