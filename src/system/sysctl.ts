import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isLvsError, LvsError } from '../errors.js';

/**
 * The files under /proc/sys. A name is the path below it, with slashes because interface names have dots:
 * `net/ipv4/conf/eth0.100/arp_ignore`. Values are text without the final newline, as `sysctl -n` prints them.
 */
export interface Sysctl {
  /** @throws LvsError SYSCTL_ABSENT, SYSCTL_FORBIDDEN, SYSCTL_FAILED */
  read(name: string): Promise<string>;
  /** @throws LvsError SYSCTL_ABSENT, SYSCTL_FORBIDDEN, SYSCTL_REFUSED (the kernel does not take the value), SYSCTL_FAILED */
  write(name: string, value: string): Promise<void>;
}

/** `root` is for tests; the network part of /proc/sys is that of the namespace this process was started in. */
export function systemSysctl(root = '/proc/sys'): Sysctl {
  return {
    // the kernel has it in memory: handing it to a thread takes longer than reading, and on a busy machine a hundred times as long
    read: (name) =>
      new Promise((resolve) => {
        try {
          resolve(readFileSync(file(root, name), 'latin1').trimEnd());
        } catch (cause) {
          throw failure('read', name, cause);
        }
      }),
    async write(name, value) {
      try {
        // r+: a sysctl is never created, and a name that is not there must say so also in a writable directory
        await writeFile(file(root, name), `${value}\n`, { flag: 'r+' });
      } catch (cause) {
        throw refusal(name, value, cause) ?? failure('write', name, cause);
      }
    },
  };
}

/** Names come from tables of ours and from interface names; neither may lead out of /proc/sys. */
function file(root: string, name: string): string {
  const parts = name.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0')))
    throw new LvsError('SYSCTL_ABSENT', [name]);
  return join(root, ...parts);
}

const errno = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : String(cause);

function refusal(name: string, value: string, cause: unknown): LvsError | undefined {
  const code = errno(cause);
  return code === 'EINVAL' || code === 'ERANGE' ? new LvsError('SYSCTL_REFUSED', [name, value], { cause }) : undefined;
}

function failure(operation: 'read' | 'write', name: string, cause: unknown): LvsError {
  if (isLvsError(cause, 'SYSCTL_ABSENT')) return cause;
  const code = errno(cause);
  // ENOTDIR: a part of the path is a file; EISDIR: the name is a group of sysctls
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR')
    return new LvsError('SYSCTL_ABSENT', [name], { cause });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new LvsError('SYSCTL_FORBIDDEN', [operation, name], { cause });
  return new LvsError('SYSCTL_FAILED', [operation, name, code], { cause });
}
