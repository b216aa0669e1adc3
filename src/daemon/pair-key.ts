import { readFileSync } from 'node:fs';
import type { PairSettings } from '../config/global-settings.js';
import { LvsError } from '../errors.js';
import { reasonOf } from '../system/log.js';

const SHORTEST_KEY = 16;

/** What both directors know. A line's end does not belong to it. @throws LvsError PAIR_KEY */
export function secretOf(key: PairSettings['key']): Uint8Array {
  if ('text' in key) return Buffer.from(key.text);
  const bytes = readKey(key.file);
  if (bytes.length < SHORTEST_KEY)
    throw new LvsError('PAIR_KEY', [key.file, `it has ${bytes.length} bytes, and less than ${SHORTEST_KEY}`]);
  return bytes;
}

function readKey(path: string): Uint8Array {
  try {
    const bytes = readFileSync(path);
    return bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
  } catch (cause) {
    throw new LvsError('PAIR_KEY', [path, reasonOf(cause)], { cause });
  }
}
