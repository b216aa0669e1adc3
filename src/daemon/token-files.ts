import { readFileSync, statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { ApiToken } from '../config/api-access.js';
import { formatDiagnostic } from '../config/diagnostics.js';
import { readTokenFile } from '../config/token-file.js';
import { type Log, reasonOf } from '../system/log.js';
import { stampOf } from './api-tls.js';

export interface TokenFilesOptions {
  readonly log: Pick<Log, 'warn' | 'error'>;
  readonly onTokens: (tokens: readonly ApiToken[]) => void;
}

/** More are a mistake, or a way to make each request slow. */
const MOST_TOKENS = 1000;
const OTHERS_MAY_WRITE = 0o022;

/** Owner of the tokens: those of the configuration and of its files, which are read again when they change. */
export class TokenFiles {
  readonly #options: TokenFilesOptions;
  #inline: readonly ApiToken[] = [];
  #paths: readonly string[] = [];
  #stamp: string | undefined;
  #told: readonly string[] = [];

  constructor(options: TokenFilesOptions) {
    this.#options = options;
  }

  follow(inline: readonly ApiToken[], paths: readonly string[]): void {
    this.#inline = inline;
    this.#paths = paths;
    this.#told = [];
    this.#read();
  }

  /** Reads the files again if they are not what they were. */
  look(): void {
    if (this.#stamp !== stampOf(this.#paths)) this.#read();
  }

  #read(): void {
    this.#stamp = stampOf(this.#paths); // before they are read: a change meanwhile is seen the next time
    const complaints: string[] = [];
    const tokens = new Map(this.#inline.map((token) => [token.name, token]));
    for (const path of this.#paths) {
      for (const token of tokensOf(path, complaints)) {
        const { name, position } = token;
        if (tokens.size >= MOST_TOKENS) complaints.push(`${path}: more than ${MOST_TOKENS} tokens`);
        else if (tokens.has(name)) complaints.push(`${path}:${position.line}: the token '${name}' is there already`);
        else tokens.set(name, token);
      }
    }
    if (!isDeepStrictEqual(complaints, this.#told))
      for (const complaint of complaints) this.#options.log.warn({ event: 'api.token-file', complaint });
    this.#told = complaints;
    this.#options.onTokens([...tokens.values()]);
  }
}

/** None of a file that cannot be read, or that anybody might have written. */
function tokensOf(path: string, complaints: string[]): readonly ApiToken[] {
  try {
    if ((statSync(path).mode & OTHERS_MAY_WRITE) !== 0) {
      complaints.push(`${path}: others than its owner may write to it: nobody is known by it`);
      return [];
    }
    const { tokens, diagnostics } = readTokenFile({ file: path, text: readFileSync(path, 'utf8') });
    complaints.push(...diagnostics.map(formatDiagnostic));
    return tokens;
  } catch (error) {
    complaints.push(`${path}: ${reasonOf(error)}`);
    return [];
  }
}
