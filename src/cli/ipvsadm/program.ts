import { readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute } from 'node:path';

/**
 * What we were called as. Node makes the script's path absolute and a shell has put the PATH's folder before a bare name, so
 * a path out of one of those folders counts as a bare name; any other is shown as it was typed.
 */
export function calledAs(argv: readonly string[], path: string, commandLine: string): string {
  const words = commandLine.split('\0').slice(0, -1);
  // node's own options stand before the script, as many arguments as in argv behind it
  const word = words[words.length - (argv.length - 1)] ?? argv[1] ?? 'ipvsadm';
  return isAbsolute(word) && path.split(':').includes(dirname(word)) ? basename(word) : word;
}

export function commandLineOfProcess(): string {
  try {
    return readFileSync('/proc/self/cmdline', 'utf8');
  } catch {
    return '';
  }
}
