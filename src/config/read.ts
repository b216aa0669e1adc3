/**
 * config/ — keepalived-style text → words → blocks → typed configuration, with every error at its place. Pure, but for include.ts.
 * text: expand.ts, lexer.ts, tree.ts · words: vocabulary.ts and a table per block · result: configuration.ts, build.ts, validate.ts
 */
import { dirname } from 'node:path';
import { buildVirtualServer } from './build.js';
import type { Configuration } from './configuration.js';
import { type Diagnostic, Diagnostics } from './diagnostics.js';
import { type Comment, Expander, type Surroundings } from './expand.js';
import { fwmarkRule } from './fwmark-rules.js';
import { buildGlobals, globalWords } from './global-defs.js';
import { laterOutermost } from './later.js';
import { placeOf, type SourceLine } from './lexer.js';
import { buildTree, placeOfWord, type Shape, type Statement } from './tree.js';
import { validate } from './validate.js';
import { virtualServer } from './virtual-server.js';
import { type Group, virtualServerGroup } from './virtual-server-group.js';
import { blockOf, each } from './terms.js';
import { type Block, readBlock, type Term, type Vocabulary } from './vocabulary.js';

export interface SourceText {
  /** As it shall stand in messages. */
  readonly file: string;
  readonly text: string;
}

/** What an include line means: the files it names in order, or why there is none and whether that may be. */
export type Includes = (
  pattern: string,
  folder: string,
) => readonly SourceText[] | { readonly missing: string; readonly mayBe: boolean };

export interface ReadOptions extends Surroundings {
  /** Absent: include lines are errors. */
  readonly includes?: Includes;
}

/** The file as a tree, before anything is understood: what a printer or another program needs. */
export interface SyntaxTree {
  readonly statements: readonly Statement[];
  readonly comments: readonly Comment[];
  readonly files: readonly string[];
}

export interface Reading {
  /** undefined if there is any error. */
  readonly configuration: Configuration | undefined;
  /** All of them, in the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Text → configuration and complaints. Never throws for what is in the text. */
export function readConfiguration(source: SourceText, options: ReadOptions = {}): Reading {
  const diagnostics = new Diagnostics();
  const tree = parse(source, options, diagnostics);
  const configuration = understand(tree, diagnostics);
  return {
    configuration: diagnostics.hasErrors ? undefined : configuration,
    diagnostics: diagnostics.sorted(tree.files),
  };
}

const MOST_FILES = 1000;
const INCLUDE = /^\s*(include[rmwba]?)(?:\s+(\S.*?))?\s*$/;
const BYTE_ORDER_MARK = 0xfeff;

/** Text → tree. */
export function parse(source: SourceText, options: ReadOptions, diagnostics: Diagnostics): SyntaxTree {
  const lines: SourceLine[] = [];
  const files = new Set<string>();
  /** The files that are being read, each included by the one before it. */
  const within: string[] = [];

  const expander = new Expander(diagnostics, options, (line) => {
    const found = line.text.includes('include') ? INCLUDE.exec(line.text) : null;
    if (found === null) lines.push(line);
    else include(line, found);
  });

  const readFile = ({ file, text }: SourceText): void => {
    files.add(file);
    within.push(file);
    let from = text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
    for (let number = 1; from < text.length; number++) {
      const newline = text.indexOf('\n', from);
      const next = newline < 0 ? text.length : newline;
      const to = next > from && text[next - 1] === '\r' ? next - 1 : next;
      expander.take({ file, line: number, text: text.slice(from, to) });
      from = next + 1;
    }
    within.pop();
  };

  const include = (line: SourceLine, [, word = '', rest = '']: RegExpExecArray): void => {
    const pattern = rest.replace(/^"(.*)"$/, '$1');
    const from = line.text.indexOf(word);
    const at = rest === '' ? from : line.text.indexOf(rest, from + word.length);
    const place = placeOf(line, at, at + Math.max(rest.length, 1));
    const found = includedBy(line, pattern);
    if ('missing' in found) {
      const forgiven = found.mayBe && word === 'include';
      diagnostics[forgiven ? 'warning' : 'error'](place, found.missing);
      return;
    }
    for (const file of found) {
      if (within.includes(file.file)) diagnostics.error(place, `${file.file} includes itself`);
      else if (files.size >= MOST_FILES) diagnostics.error(place, `more than ${MOST_FILES} files`);
      else readFile(file);
    }
  };

  const includedBy = (line: SourceLine, pattern: string): ReturnType<Includes> =>
    pattern === ''
      ? { missing: "'include' lacks the name of a file", mayBe: false }
      : (options.includes?.(pattern, dirname(line.file)) ?? { missing: 'files cannot be included here', mayBe: false });

  readFile(source);
  expander.end();
  return { statements: buildTree(lines, shape, diagnostics), comments: expander.comments, files: [...files] };
}

const group = each(virtualServerGroup);

/** The lines of all global_defs blocks are read together. */
const globalDefs: Term<readonly { readonly header: Statement; readonly lines: readonly Statement[] }[]> = each({
  read: (statement, context) => ({ header: statement, lines: blockOf(statement, context) ?? [] }),
});

/** The words that stand outermost. */
export const outermost = {
  ...laterOutermost,
  global_defs: globalDefs,
  virtual_server: each(virtualServer),
  virtual_server_group: group,
  fwmark_rule: each(fwmarkRule),
} satisfies Vocabulary;

/** Words that mean a block wherever they stand, and words that are never inside another block. */
const shape: Shape = {
  opens: new Set(
    `global_defs virtual_server virtual_server_group fwmark_rule real_server url vrrp_instance vrrp_script vrrp_sync_group
    vrrp_track_process bfd_instance virtual_ipaddress TCP_CHECK HTTP_GET SSL_GET SMTP_CHECK DNS_CHECK MISC_CHECK UDP_CHECK PING_CHECK
    FILE_CHECK BFD_CHECK`.split(/\s+/),
  ),
  outermost: new Set(
    `global_defs virtual_server virtual_server_group fwmark_rule vrrp_instance vrrp_script vrrp_sync_group vrrp_track_process
    bfd_instance static_ipaddress static_routes static_rules garp_group`.split(/\s+/),
  ),
};

function understand(tree: SyntaxTree, diagnostics: Diagnostics): Configuration {
  const { values } = readBlock('the outermost level', outermost, tree.statements, diagnostics);
  const definitions = values.global_defs ?? [];
  const lines = definitions.flatMap((block) => block.lines);
  const globals: Block<typeof globalWords> = readBlock('global_defs', globalWords, lines, diagnostics);
  const groups = groupsByName(values.virtual_server_group ?? [], diagnostics);
  const logAllFailures = globals.values.checker_log_all_failures ?? false;
  const virtualServers = (values.virtual_server ?? []).map((draft) =>
    buildVirtualServer(draft, { groups, logAllFailures }, diagnostics),
  );
  const fwmarkRules = values.fwmark_rule ?? [];
  validate(virtualServers, fwmarkRules, diagnostics);
  return {
    globals: buildGlobals(globals, definitions[0]?.header, diagnostics),
    virtualServers,
    fwmarkRules,
    files: tree.files,
  };
}

function groupsByName(groups: readonly Group[], diagnostics: Diagnostics): ReadonlyMap<string, Group> {
  const byName = new Map<string, Group>();
  for (const one of groups) {
    const before = byName.get(one.name);
    if (before !== undefined) {
      const message = `virtual_server_group '${one.name}' is there already, in line ${before.header.source.line}`;
      diagnostics.error(placeOfWord(one.header, 1), message, { expected: 'another name' });
    }
    byName.set(one.name, before ?? one);
  }
  return byName;
}
