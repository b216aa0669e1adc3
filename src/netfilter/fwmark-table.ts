import type { FwmarkRule } from './fwmark-rule.js';
import type { Nft } from './nft.js';
import { OwnTable } from './own-table.js';
import { defaultTable, ruleset, type TableName } from './ruleset.js';
import { sameRuleset } from './same.js';

/** Our table of fwmark rules. */
export class FwmarkTable {
  readonly #own: OwnTable;
  readonly #table: TableName;

  constructor(nft: Nft, table: TableName = defaultTable) {
    this.#own = new OwnTable(nft, table);
    this.#table = table;
  }

  /** Makes the table hold these rules and no others, in one transaction; without rules there is no table. Tells whether anything was written. */
  async apply(rules: readonly FwmarkRule[]): Promise<boolean> {
    if (rules.length === 0) return this.remove();
    const wanted = ruleset(rules, this.#table);
    const listed = await this.#own.list();
    if (listed !== undefined && sameRuleset(wanted, listed)) return false;
    await this.#own.replace(wanted);
    return true;
  }

  /** Tells whether there was one. */
  remove(): Promise<boolean> {
    return this.#own.remove();
  }

  exists(): Promise<boolean> {
    return this.#own.exists();
  }
}
