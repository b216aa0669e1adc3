import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The release of this package, as its package.json says: it lies above whatever file we were compiled or bundled into. '?': it is not there. */
export function release(directory = dirname(fileURLToPath(import.meta.url))): string {
  const said = packageAt(join(directory, 'package.json'));
  if (said?.name === 'lvsd' && said.version !== undefined) return said.version;
  const parent = dirname(directory);
  return parent === directory ? '?' : release(parent);
}

function packageAt(path: string): { readonly name?: string; readonly version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { readonly name?: string; readonly version?: string };
  } catch {
    return undefined;
  }
}
