import { type ExecFileException, execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LvsError } from '../errors.js';

/** The port: nft(8) with `-j`. @throws LvsError NFT_MISSING, NFT_TIMEOUT, NFT_REFUSED */
export interface Nft {
  /** What it printed. */
  run(args: readonly string[]): Promise<string>;
  /** One transaction, as JSON. */
  load(transaction: string): Promise<void>;
}

export interface NftOptions {
  /** The program and what comes before `-j`: `['ip', 'netns', 'exec', 'blue', 'nft']`. */
  readonly command?: readonly [string, ...string[]];
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** A listing of ten thousand VIPs is about 1 MB. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export function systemNft({ command = ['nft'], timeoutMs = TIMEOUT_MS }: NftOptions = {}): Nft {
  const run = (args: readonly string[]): Promise<string> => execute([...command, '-j', ...args], timeoutMs);
  return {
    run,
    // nft opens /dev/stdin by its name, which fails for the socket that Node gives a child; an argument may be 128 KB long
    async load(transaction) {
      const folder = await mkdtemp(join(tmpdir(), 'lvsd-nft-'));
      try {
        const path = join(folder, 'transaction.json');
        await writeFile(path, transaction, { mode: 0o600 });
        await run(['-f', path]);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

function execute(words: readonly string[], timeoutMs: number): Promise<string> {
  const [program = '', ...args] = words;
  const options = {
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
    env: { ...process.env, LC_ALL: 'C' },
  } as const;
  return new Promise((resolve, reject) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(explain(error, stderr, program, timeoutMs));
    });
  });
}

function explain(error: ExecFileException, stderr: string, program: string, timeoutMs: number): LvsError {
  // the type says number: the exit status; what could not be started has an errno's name
  const code: unknown = error.code;
  if (code === 'ENOENT' || code === 'EACCES') return new LvsError('NFT_MISSING', [program], { cause: error });
  if (error.killed === true) return new LvsError('NFT_TIMEOUT', [timeoutMs], { cause: error });
  const [reason] = stderr.split('\n').filter((line) => line.trim() !== '');
  return new LvsError('NFT_REFUSED', [reason?.trim() ?? error.message], { cause: error });
}
