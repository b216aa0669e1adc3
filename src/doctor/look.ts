import { LvsError } from '../errors.js';
import { type Facts, parseFacts } from './facts.js';
import { factsScript } from './script.js';

/** Runs a script with a shell of some machine, and tells what it said. */
export type Shell = (
  script: string,
  words: readonly string[],
) => Promise<{ readonly out: string } | { readonly failed: string }>;

/**
 * The facts of a machine.
 * @param where its name, for the sentence of an error
 * @param addresses those whose routes matter
 * @throws LvsError DOCTOR_BLIND
 */
export async function factsOf(where: string, shell: Shell, addresses: readonly string[]): Promise<Facts> {
  const end = await shell(factsScript, addresses);
  if ('failed' in end) throw new LvsError('DOCTOR_BLIND', [where, end.failed]);
  const facts = parseFacts(end.out);
  if (facts === undefined)
    throw new LvsError('DOCTOR_BLIND', [where, 'its shell did not come to the end of the script']);
  return facts;
}
