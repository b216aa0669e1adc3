import { accessSync, constants } from 'node:fs';
import { chown, mkdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Bundle, placesOf } from '../config/bundle.js';
import { LvsError } from '../errors.js';
import { reasonOf } from '../system/log.js';
import { type StateFile, stateFile } from '../system/state-file.js';

/** What is written down beside the file while a push is on trial. A start that finds it puts back what was before. */
interface Trial {
  readonly id: string;
  /** Relative to the folder, without the main file. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

interface Note {
  readonly trial: Trial | null;
  /** Fingerprints that the other director may have in force, for nobody knows how our last push ended there. */
  readonly doubt: readonly string[];
}

const NOTHING: Note = { trial: null, doubt: [] };
/** A file that was not there may hold secrets. */
const NEW_MODE = 0o600;

/**
 * The files of the configuration on the disk. Beside the main file, hidden so that no include finds them: `.NAME.before/`, what was in force before
 * the last push; `.NAME.refused/`, what the last one that went back had brought; `.NAME.push`, a note while one is on trial or in doubt.
 */
export class PushFiles {
  readonly main: string;
  readonly #folder: string;
  readonly #before: string;
  readonly #refused: string;
  readonly #note: StateFile;
  readonly #fileOf: typeof stateFile;

  /** `main`: an absolute path; where it is a link, what it leads to is replaced. `fileOf`: for tests. */
  constructor(main: string, fileOf: typeof stateFile = stateFile) {
    this.main = main;
    this.#fileOf = fileOf;
    this.#folder = dirname(main);
    const beside = (what: string): string => join(this.#folder, `.${basename(main)}.${what}`);
    this.#before = beside('before');
    this.#refused = beside('refused');
    this.#note = fileOf(beside('push'), NEW_MODE);
  }

  /** Why nothing can be put in its place, as far as that can be known before it is tried; undefined: it can. */
  unwritable(): string | undefined {
    try {
      accessSync(this.#folder, constants.W_OK);
      return undefined;
    } catch (error) {
      return `its files cannot be replaced: ${reasonOf(error)}`;
    }
  }

  /**
   * Writes the files of `after`; those of `before` and `present` that it has not go away. A crash at any moment leaves what `recover` puts right.
   * @throws LvsError PUSH_FILES
   */
  begin(
    id: string,
    { before, after, present, doubt }: { before: Bundle; after: Bundle; present: Bundle; doubt: readonly string[] },
  ): Promise<void> {
    return this.#do(async () => {
      await this.#replaceFolder(this.#before, before);
      const [had, has] = [pathsOf(before), pathsOf(after)];
      await this.#write({ trial: { id, before: had, after: has }, doubt: [...(await this.doubts()), ...doubt] });
      await this.#put(after, [...had, ...pathsOf(present)]);
    });
  }

  /** What is on trial stays. @throws LvsError PUSH_FILES */
  keep(): Promise<void> {
    return this.#do(async () => this.#write({ ...(await this.#read()), trial: null }));
  }

  /** What was before `begin` is there again. Nothing, if nothing is on trial. @returns whether something was. @throws LvsError PUSH_FILES */
  recover(): Promise<string | undefined> {
    return this.#do(async () => {
      const note = await this.#read();
      if (note.trial === null) return undefined;
      const { id, before, after } = note.trial;
      const tried = await this.#readBundle(this.main, after);
      if (tried !== undefined) await this.#replaceFolder(this.#refused, tried);
      const was = await this.#readBundle(join(this.#before, basename(this.main)), before);
      if (was === undefined) throw new Error(`${this.#before} is not whole`);
      await this.#put(was, after);
      await this.#write({ ...note, trial: null });
      return id;
    });
  }

  async isOnTrial(): Promise<boolean> {
    return (await this.#read()).trial !== null;
  }

  /** Fingerprints that the other director may have. */
  async doubts(): Promise<readonly string[]> {
    return (await this.#read()).doubt;
  }

  /** How the last push ended on the other side is known. @throws LvsError PUSH_FILES */
  clear(): Promise<void> {
    return this.#do(async () => this.#write({ ...(await this.#read()), doubt: [] }));
  }

  async #do<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      throw new LvsError('PUSH_FILES', [this.main, reasonOf(cause)], { cause });
    }
  }

  async #read(): Promise<Note> {
    return decodeNote((await this.#note.read()) ?? '');
  }

  async #write(note: Note): Promise<void> {
    if (note.trial === null && note.doubt.length === 0) await this.#note.remove();
    else await this.#note.write(JSON.stringify({ ...note, doubt: [...new Set(note.doubt)] }));
  }

  /** The main file last. */
  async #put(bundle: Bundle, others: readonly string[]): Promise<void> {
    const { mode } = await likeOf(this.main, NEW_MODE);
    for (const { file, text } of placesOf(bundle, this.main)) await this.#writeLike(file, text, mode);
    const has = new Set(pathsOf(bundle));
    for (const path of others) if (!has.has(path)) await rm(join(this.#folder, path), { force: true });
  }

  async #replaceFolder(folder: string, bundle: Bundle): Promise<void> {
    const next = `${folder}.new`;
    await rm(next, { recursive: true, force: true });
    await mkdir(next, { mode: 0o700 });
    for (const { file, text } of placesOf(bundle, join(next, basename(this.main))))
      await this.#writeLike(file, text, NEW_MODE);
    await rm(folder, { recursive: true, force: true });
    await rename(next, folder);
  }

  /** undefined: not all of them are there. */
  async #readBundle(main: string, paths: readonly string[]): Promise<Bundle | undefined> {
    const read = (file: string): Promise<string | undefined> => this.#fileOf(file).read();
    const text = await read(main);
    const included = await Promise.all(
      paths.map(async (path) => ({ path, text: await read(join(dirname(main), path)) })),
    );
    const isWhole = included.every((file): file is { path: string; text: string } => file.text !== undefined);
    return text === undefined || !isWhole ? undefined : { main: text, included };
  }

  /** In place of what is there, with its owner and mode; what is equal is not touched. */
  async #writeLike(file: string, text: string, newMode: number): Promise<void> {
    const path = await realpath(file).catch(() => file);
    if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return;
    const { mode, owner } = await likeOf(path, newMode);
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await this.#fileOf(path, mode).write(text);
    if (owner !== undefined && !isOurs(owner)) await chown(path, ...owner);
  }
}

/** It is replaced as a whole: who finds another thing there has not found one of ours. */
function decodeNote(text: string): Note {
  try {
    const { trial, doubt } = JSON.parse(text) as Note;
    const isTrial = trial === null || (Array.isArray(trial.before) && Array.isArray(trial.after));
    return isTrial && Array.isArray(doubt) ? { trial, doubt } : NOTHING;
  } catch {
    return NOTHING;
  }
}

const pathsOf = ({ included }: Bundle): readonly string[] => included.map(({ path }) => path);

/** Whose it is and who may read it; what is not there yet is ours. */
async function likeOf(
  path: string,
  mode: number,
): Promise<{ readonly mode: number; readonly owner?: [uid: number, gid: number] }> {
  try {
    const found = await stat(path);
    return { mode: found.mode & 0o7777, owner: [found.uid, found.gid] };
  } catch {
    return { mode };
  }
}

const isOurs = ([uid, gid]: readonly [uid: number, gid: number]): boolean =>
  uid === process.geteuid?.() && gid === process.getegid?.();
