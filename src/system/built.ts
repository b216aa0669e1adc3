import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LvsError } from '../errors.js';

/** A file that `npm install` has built: it lies in the package, above whatever file we were compiled or bundled into. @throws LvsError ADDON_MISSING */
export function builtFile(name: string, directory = dirname(fileURLToPath(import.meta.url))): string {
  const candidate = join(directory, 'native/build/Release', name);
  if (existsSync(candidate)) return candidate;
  const parent = dirname(directory);
  if (parent === directory) throw new LvsError('ADDON_MISSING', []);
  return builtFile(name, parent);
}
