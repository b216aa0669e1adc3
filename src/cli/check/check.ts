import type { Configuration } from '../../config/configuration.js';
import { type Diagnostic, inOrder } from '../../config/diagnostics.js';
import { parseFile, readConfigurationFile } from '../../config/include.js';
import { lint } from '../../config/lint.js';
import { complaintsText } from '../complaints.js';
import { type Order, readOptionsOf } from '../lvsd-options.js';
import type { Output } from '../face.js';
import { linesOfFiles, wantsColour } from './excerpt.js';
import { aboutHost, type Host } from './host.js';
import { mentionsOf } from './mentions.js';
import { countOf, reportOf } from './report.js';
import { thisHost } from './this-host.js';
import { hasErrors, keepalivedExitStatus, strictly } from './verdict.js';

/** What `check` needs of the world beside the files; for tests. */
export interface CheckWorld {
  /** Whether complaints go to a terminal. */
  readonly terminal: boolean;
  readonly host: () => Host;
}

/** A file may have millions of mistakes: they are not made into one text. */
const PIECE = 1000;

/** `lvsd check`: every complaint at its place; exit status 0 if there is no error among them. */
export async function check(
  order: Order,
  output: Output,
  environment: NodeJS.ProcessEnv,
  { terminal, host }: CheckWorld = { terminal: process.stderr.isTTY, host: thisHost },
): Promise<number> {
  const { file } = order;
  const { configuration, diagnostics: read } = readConfigurationFile(file, readOptionsOf(order, environment));
  const found = [
    ...read,
    ...(configuration === undefined ? [] : lint(configuration)),
    ...(order.host ? await hostComplaints(order, configuration, environment, host()) : []),
  ];
  const sorted = inOrder(found, filesOf(file, configuration, found));
  const diagnostics = order.strict ? strictly(sorted) : sorted;
  if (order.json) output.out(`${JSON.stringify(reportOf(file, diagnostics, configuration), undefined, 2)}\n`);
  else {
    const shown = { lines: linesOfFiles(), colour: wantsColour(terminal, environment) };
    for (let from = 0; from < diagnostics.length; from += PIECE)
      output.err(complaintsText(diagnostics.slice(from, from + PIECE), shown));
    output.out(hasErrors(diagnostics) || configuration === undefined ? '' : summary(file, configuration));
  }
  if (order.keepalivedExitCodes) return keepalivedExitStatus(diagnostics);
  return hasErrors(diagnostics) ? 1 : 0;
}

function summary(file: string, configuration: Configuration): string {
  const { services, servers } = countOf(configuration);
  return `${file}: ${services} virtual services, ${servers} real servers\n`;
}

async function hostComplaints(
  order: Order,
  configuration: Configuration | undefined,
  environment: NodeJS.ProcessEnv,
  host: Host,
): Promise<readonly Diagnostic[]> {
  const tree = parseFile(order.file, readOptionsOf(order, environment));
  return tree === undefined ? [] : aboutHost(mentionsOf(tree.statements), configuration, host, tree.files);
}

/** In the order they were read, as far as that is known: a refused file tells only where complaints are. */
const filesOf = (
  file: string,
  configuration: Configuration | undefined,
  diagnostics: readonly Diagnostic[],
): readonly string[] =>
  configuration?.files ?? [...new Set([file, ...diagnostics.map(({ position }) => position.file)])];
