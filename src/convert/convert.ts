/**
 * convert/ — other programs' files as configurations of ours, and ours as a table. Pure: values and text in, text and complaints out.
 * ldirectord/ reads ldirectord.cf; from-table.ts writes what ipvsadm lines made; to-table.ts is the way back; items.ts is how text is
 * written. Nothing is lost in silence: what has no counterpart is a warning at its line and a comment in the output.
 */
import type { Diagnostics, Place } from '../config/diagnostics.js';
import { comment, type Item } from './items.js';

/** What could not be carried over: a warning where it stands, and the comment that takes its place. */
export function lost(place: Place, what: string, why: string, diagnostics: Diagnostics): Item {
  diagnostics.warning(place, `${what}: ${why}`, { kind: 'unsupported' });
  return comment(`not carried over from line ${place.line}: ${what}: ${why}`);
}
