import { lstat, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What the rules look at of one file. */
export interface FileFacts {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly uid: number;
  readonly gid: number;
  /** Permission bits, set-id and sticky bits included. */
  readonly mode: number;
}

/** The file system, for the rules. */
export interface SecurityFiles {
  /** Without following a link. @throws errno */
  facts(path: string): Promise<FileFacts>;
  /** @throws errno */
  target(link: string): Promise<string>;
}

/** What the rules say of a program: `missing` it cannot run at all, `unsafe` somebody else than root could change what runs. */
export interface ScriptFindings {
  readonly missing?: string;
  readonly unsafe?: string;
}

const MOST_LINKS = 40;
const STICKY = 0o1000;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const EXECUTES = 0o111;

export const systemFiles: SecurityFiles = {
  async facts(path) {
    const found = await lstat(path);
    const kind = found.isFile()
      ? 'file'
      : found.isDirectory()
        ? 'directory'
        : found.isSymbolicLink()
          ? 'link'
          : 'other';
    return { kind, uid: found.uid, gid: found.gid, mode: found.mode & 0o7777 };
  },
  target: (link) => readlink(link),
};

/**
 * Walks to `path` as the kernel does, link by link, and looks at each directory, link and file on the way. What keepalived calls
 * secure: all of it is root's, and nobody else may write it; a sticky directory (`/tmp`) may be writable, because nobody else may
 * replace what root has in it. A symlinked directory (`/bin` of a merged /usr) is looked at, not refused.
 */
export async function inspectScript(path: string, files: SecurityFiles = systemFiles): Promise<ScriptFindings> {
  if (!path.startsWith('/')) return { missing: `${path} is not an absolute path` };
  let unsafe: string | undefined;
  const ahead = path.split('/').reverse();
  let [at, links] = ['/', 0];
  try {
    unsafe = complaint(at, await files.facts(at));
    for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        at = dirname(at);
        continue;
      }
      const next = join(at, name);
      const facts = await files.facts(next);
      unsafe ??= complaint(next, facts);
      if (facts.kind === 'link') {
        if (++links > MOST_LINKS) return { missing: `${path}: too many symbolic links` };
        const target = await files.target(next);
        ahead.push(...target.split('/').reverse());
        if (target.startsWith('/')) at = '/';
      } else if (!ahead.some((rest) => rest !== '')) return finding(path, facts, unsafe);
      else if (facts.kind !== 'directory') return { missing: `${next} is not a directory` };
      else at = next;
    }
  } catch (error) {
    return { missing: reason(path, error as NodeJS.ErrnoException) };
  }
  return { missing: `${path} is a directory` };
}

function finding(path: string, { kind, mode }: FileFacts, unsafe: string | undefined): ScriptFindings {
  if (kind === 'directory') return { missing: `${path} is a directory` };
  if (kind !== 'file') return { missing: `${path} is not a regular file` };
  if ((mode & EXECUTES) === 0) return { missing: `${path} is not executable` };
  return unsafe === undefined ? {} : { unsafe };
}

function complaint(path: string, { kind, uid, gid, mode }: FileFacts): string | undefined {
  if (uid !== 0) return `${path} does not belong to root`;
  if (kind === 'link' || (kind === 'directory' && (mode & STICKY) !== 0)) return undefined;
  if ((mode & OTHERS_WRITE) !== 0) return `${path} is writable by everybody`;
  if (gid !== 0 && (mode & GROUP_WRITES) !== 0) return `${path} is writable by group ${gid}`;
  return undefined;
}

function reason(path: string, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return `${path} does not exist`;
    case 'EACCES':
      return `${path} cannot be reached: no permission`;
    default:
      return `${path} cannot be looked at: ${error.message}`;
  }
}

/**
 * Why `path` shall not be run with enable_script_security; undefined: it may. Whoever is not root may run what it likes, if it is
 * there: it has nothing to lose to others.
 */
export async function checkScript(
  path: string,
  as: 'root' | 'other',
  files: SecurityFiles = systemFiles,
): Promise<string | undefined> {
  const { missing, unsafe } = await inspectScript(path, files);
  if (missing !== undefined || as === 'other') return missing;
  return unsafe === undefined ? undefined : `${unsafe}: it is not run as root`;
}

/** Where execvp(3) looks without $PATH. */
const USUAL_PATH = '/bin:/usr/bin';

/** The file behind a name without a slash, as a shell finds it; undefined: there is none. Other names are what they are. */
export async function findProgram(
  name: string,
  searchPath: string = USUAL_PATH,
  files: SecurityFiles = systemFiles,
): Promise<string | undefined> {
  if (name.includes('/')) return name;
  for (const folder of searchPath.split(':').filter((part) => part.startsWith('/'))) {
    const candidate = join(folder, name);
    if ((await inspectScript(candidate, files)).missing === undefined) return candidate;
  }
  return undefined;
}
