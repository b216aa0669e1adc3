import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LvsError } from '../errors.js';

const BUILT = 'native/build/Release/lvsd-launch';
let found: string | undefined;

/** The program that becomes a script (native/launch). It lies beside the addon. @throws LvsError ADDON_MISSING */
export function launcherPath(): string {
  found ??= process.env['LVSD_LAUNCH'] ?? find(dirname(fileURLToPath(import.meta.url)));
  return found;
}

function find(directory: string): string {
  const candidate = join(directory, BUILT);
  if (existsSync(candidate)) return candidate;
  const parent = dirname(directory);
  if (parent === directory) throw new LvsError('ADDON_MISSING', []);
  return find(parent);
}
