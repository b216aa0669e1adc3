import { createHash } from 'node:crypto';
import type { Table, TableService } from '../model/table.js';
import { slotsOf } from '../replay/slots.js';

/** Tables are computed here, on the thread that everything else is done on: so many each time, and the rest later. */
const MOST_AT_ONCE = 8;

/** Equal for equal JSON. */
export const printOf = (what: unknown): string =>
  createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 12);

/** Fingerprints of the Maglev tables of services, each computed once for what it is made of. */
export class MaglevPrints {
  readonly #prints = new Map<string, { readonly of: string; readonly is: string }>();

  /** By serviceName. A table that is not computed yet is left out; a service that is no longer in `table` is forgotten. */
  of(table: Table): Readonly<Record<string, string>> {
    let computed = 0;
    const hashing = [...table].filter(([, service]) => isHashing(service));
    for (const [name, service] of hashing) {
      const of = printOf([service.settings, [...service.destinations]]);
      if (this.#prints.get(name)?.of === of) continue;
      this.#prints.delete(name);
      if (++computed <= MOST_AT_ONCE) this.#prints.set(name, { of, is: printOf(slotsOf(service)) });
    }
    const names = new Set(hashing.map(([name]) => name));
    for (const name of this.#prints.keys()) if (!names.has(name)) this.#prints.delete(name);
    return Object.fromEntries([...this.#prints].map(([name, { is }]) => [name, is]));
  }
}

const isHashing = ({ settings: { scheduler } }: TableService): boolean => scheduler === 'mh' || scheduler === 'maglev';
