import { isDeepStrictEqual } from 'node:util';
import type { Configuration } from '../../../src/config/configuration.js';
import { type Diagnostic, Diagnostics } from '../../../src/config/diagnostics.js';
import { includeFiles } from '../../../src/config/include.js';
import { parse, type ParseOptions, type SourceText, type SyntaxTree } from '../../../src/config/parse.js';
import { printTree } from '../../../src/config/print.js';
import { readConfiguration, shape } from '../../../src/config/read.js';
import type { Statement } from '../../../src/config/tree.js';
import type { Case, Said } from './cases.js';
import { type Difference, differences } from './differences.js';

/** What keepalived says about the machine and not about the file: lvsd says such things with --host only. */
const ABOUT_THE_HOST =
  /doesn't exist|does not exist|Non-existent interface|unknown interface|uid\/gid|set default user|SECURITY VIOLATION|not supported, using|realpath\(\)|No such file|not executable|Ignoring track_interface|own interface|Invalid smtp server/i;

/** keepalived lost its way earlier, and tells of it for every line that follows. */
const LOST =
  /^(?:Unknown keyword '\}'|Unexpected '\{'|Extra '\}' found|Missing '\{' at beginning|There are \d+ missing)/;

/** What it says of an object that the file has, and that it has dropped before with a message of its own. */
const AGAIN = /track (?:script|file|process|bfd) (\S+) not found, ignoring/;

const options: ParseOptions = { includes: includeFiles, configId: 'host', environment: {}, random: (from) => from };

/** undefined: lvsd agrees. Otherwise why not, in one line. */
export function disagreement(one: Case): string | undefined {
  const source = { file: one.file, text: one.text };
  const { configuration, diagnostics } = readConfiguration(source, options);
  return verdict(one, diagnostics, treeOf(source)) ?? repeated(diagnostics) ?? roundTrip(source, configuration);
}

function verdict(one: Case, diagnostics: readonly Diagnostic[], tree: SyntaxTree): string | undefined {
  const about = diagnostics.filter(({ kind }) => kind !== 'host' && kind !== 'security');
  const errors = about.filter(({ severity }) => severity === 'error');
  const unlike = errors.filter((error) => !isKnown('stricter', error.message));
  if (one.languageMessages === 0 || one.exit === 0) {
    const [error] = unlike;
    return error === undefined ? undefined : `keepalived accepts it, lvsd says ${shown(error)}`;
  }
  const missed = one.messages.find((said) => isExpected(said, tree) && !isSaid(said, about, tree));
  if (missed !== undefined) return `lvsd says nothing of line ${missed.line ?? 0}: ${missed.text}`;
  return one.kind === 'negative' ? refusal(one, about) : undefined;
}

/** A file with one mistake is refused, at least by --strict, and there is one error about it; of an old word it is enough to warn. */
function refusal(one: Case, about: readonly Diagnostic[]): string | undefined {
  if (one.messages.every(({ text }) => ABOUT_THE_HOST.test(text))) return undefined;
  if (one.messages.some(({ text }) => isKnown('laxer', text))) return undefined;
  const refuses = ({ severity, kind }: Diagnostic): boolean => severity === 'error' || kind === 'repair';
  const isEnough = one.mistake === 'obsolete' ? about.length > 0 : about.some(refuses);
  if (!isEnough) return `lvsd accepts it; keepalived says ${one.messages[0]?.text ?? ''}`;
  const errors = about.filter(({ severity }) => severity === 'error');
  return errors.length > 1 ? `${errors.length} errors for one mistake: ${errors.map(shown).join('; ')}` : undefined;
}

const isKnown = (how: Difference['lvsd'], message: string): boolean =>
  differences.some((difference) => difference.lvsd === how && difference.message.test(message));

function isExpected({ text }: Said, tree: SyntaxTree): boolean {
  const [, name] = AGAIN.exec(text) ?? [];
  const again =
    name !== undefined && tree.statements.some(({ texts, block }) => block !== undefined && texts[1] === name);
  return !again && !ABOUT_THE_HOST.test(text) && !LOST.test(text) && !isKnown('laxer', text);
}

/**
 * Whether there is a complaint where keepalived has one: on its line; or, as it tells of a block that lacks something in the line that
 * closes it, anywhere in that block; or on the block around, where lvsd stays with the one mistake that made the rest unreadable.
 * A message without a line is about something that lvsd tells with its line: any complaint will do.
 */
function isSaid({ line }: Said, diagnostics: readonly Diagnostic[], tree: SyntaxTree): boolean {
  if (line === undefined) return diagnostics.length > 0;
  const on = (from: number, to: number): boolean =>
    diagnostics.some(({ position }) => position.line >= from && position.line <= to);
  if (on(line, line)) return true;
  const blocks = blocksAround(tree.statements, line);
  return (
    blocks.some((block) => block.lastLine === line && on(block.line, line)) ||
    blocks.some((block) => diagnostics.some((one) => one.severity === 'error' && one.position.line === block.line))
  );
}

function blocksAround(statements: readonly Statement[], line: number): readonly Statement[] {
  const around = statements.filter(
    (statement) => statement.block !== undefined && statement.line <= line && line <= statement.lastLine,
  );
  return around.flatMap((statement) => [statement, ...blocksAround(statement.block ?? [], line)]);
}

const shown = ({ position, message }: Diagnostic): string => `${position.line}:${position.column}: ${message}`;

function repeated(diagnostics: readonly Diagnostic[]): string | undefined {
  const seen = new Set<string>();
  for (const diagnostic of diagnostics) {
    const text = shown(diagnostic);
    if (seen.has(text)) return `said twice: ${text}`;
    seen.add(text);
  }
  return undefined;
}

const treeOf = (source: SourceText): SyntaxTree => parse(source, options, shape, new Diagnostics());

/** Printed and read again it is the same: the tree, and what it means. */
function roundTrip(source: SourceText, configuration: Configuration | undefined): string | undefined {
  const diagnostics = new Diagnostics();
  const tree = parse(source, options, shape, diagnostics);
  if (diagnostics.hasErrors) return undefined; // what is broken has no meaning to keep
  const text = printTree(tree);
  const again = { file: source.file, text };
  const printed = treeOf(again);
  if (!isDeepStrictEqual(words(tree.statements), words(printed.statements))) return 'printed, it is another tree';
  if (printTree(printed) !== text) return 'printed twice, it is another text';
  if (configuration === undefined) return undefined;
  const read = readConfiguration(again, options).configuration;
  return isDeepStrictEqual(meaning(configuration), meaning(read)) ? undefined : 'printed, it means something else';
}

const words = (statements: readonly Statement[]): unknown =>
  statements.map(({ texts, block }) => (block === undefined ? texts : [texts, words(block)]));

/** Without where it stands. */
const meaning = (configuration: Configuration | undefined): unknown =>
  JSON.parse(
    JSON.stringify(configuration ?? null, (key, value: unknown) =>
      key === 'position' || key === 'files'
        ? undefined
        : value instanceof RegExp
          ? String(value)
          : value instanceof Map
            ? [...(value as Map<unknown, unknown>)]
            : value,
    ),
  );
