import { type ApiToken, token } from './api-access.js';
import { type Diagnostic, Diagnostics } from './diagnostics.js';
import { parse, type SourceText } from './parse.js';
import { each } from './terms.js';
import { readBlock, type Vocabulary } from './vocabulary.js';

const words = { token: each(token) } satisfies Vocabulary;
const shape = { opens: new Set<string>(), outermost: new Set<string>() };

/** A file of `token` lines, as they may stand in `api`. Those that are right count whatever the others are: one that is deleted is gone. */
export function readTokenFile(source: SourceText): {
  readonly tokens: readonly ApiToken[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const diagnostics = new Diagnostics();
  const tree = parse(source, {}, shape, diagnostics);
  const { values } = readBlock('a file of tokens', words, tree.statements, diagnostics);
  return { tokens: values.token ?? [], diagnostics: diagnostics.sorted(tree.files) };
}
