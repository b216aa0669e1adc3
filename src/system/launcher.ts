import { builtFile } from './built.js';

let found: string | undefined;

/** The program that becomes a script (native/launch). @throws LvsError ADDON_MISSING */
export function launcherPath(): string {
  found ??= process.env['LVSD_LAUNCH'] ?? builtFile('lvsd-launch');
  return found;
}
