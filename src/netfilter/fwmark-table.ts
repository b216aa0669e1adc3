import { LvsError } from '../errors.js';
import type { FwmarkRule } from './fwmark-rule.js';
import type { Nft } from './nft.js';
import { defaultTable, type Json, removalOf, replacement, ruleset, type TableName } from './ruleset.js';
import { objectsOf, sameRuleset } from './same.js';

/** Our nftables table. Others are never named in what we say to nft. */
export class FwmarkTable {
  readonly #nft: Nft;
  readonly #table: TableName;

  constructor(nft: Nft, table: TableName = defaultTable) {
    this.#nft = nft;
    this.#table = table;
  }

  /** Makes the table hold these rules and no others, in one transaction; without rules there is no table. Tells whether anything was written. */
  async apply(rules: readonly FwmarkRule[]): Promise<boolean> {
    if (rules.length === 0) return this.remove();
    const wanted = ruleset(rules, this.#table);
    const listed = await this.#list();
    if (listed !== undefined && sameRuleset(wanted, listed)) return false;
    await this.#nft.load(JSON.stringify(replacement(wanted, this.#table)));
    return true;
  }

  /** Tells whether there was one. */
  async remove(): Promise<boolean> {
    if (!(await this.exists())) return false;
    await this.#nft.load(JSON.stringify(removalOf(this.#table)));
    return true;
  }

  async exists(): Promise<boolean> {
    const { family, name } = this.#table;
    return objectsOf(await this.#tell(['list', 'tables'])).some((object) => {
      const table = typeof object === 'object' && object !== null && 'table' in object ? object['table'] : undefined;
      return (
        typeof table === 'object' &&
        table !== null &&
        'name' in table &&
        table['name'] === name &&
        table['family'] === family
      );
    });
  }

  /** undefined: there is no such table. */
  async #list(): Promise<Json | undefined> {
    const { family, name } = this.#table;
    return (await this.exists()) ? this.#tell(['list', 'table', family, name]) : undefined;
  }

  async #tell(args: readonly string[]): Promise<Json> {
    const text = await this.#nft.run(args);
    if (text.trim() === '') return null; // some versions say nothing where there is nothing
    try {
      return JSON.parse(text) as Json;
    } catch (cause) {
      throw new LvsError('NFT_REFUSED', [`'nft -j ${args.join(' ')}' printed what is no JSON`], { cause });
    }
  }
}
