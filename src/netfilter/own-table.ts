import { LvsError } from '../errors.js';
import type { Nft } from './nft.js';
import { type Json, type JsonObject, removalOf, replacement, type TableName } from './ruleset.js';
import { objectsOf } from './same.js';

/** One nftables table that is ours. Others are never named in what we say to nft. */
export class OwnTable {
  readonly #nft: Nft;
  readonly #table: TableName;

  constructor(nft: Nft, table: TableName) {
    this.#nft = nft;
    this.#table = table;
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
  async list(): Promise<Json | undefined> {
    const { family, name } = this.#table;
    return (await this.exists()) ? this.#tell(['list', 'table', family, name]) : undefined;
  }

  /** It holds these objects and no others, in one transaction. */
  replace(objects: readonly JsonObject[]): Promise<void> {
    return this.#nft.load(JSON.stringify(replacement(objects, this.#table)));
  }

  /** Tells whether there was one. */
  async remove(): Promise<boolean> {
    if (!(await this.exists())) return false;
    await this.#nft.load(JSON.stringify(removalOf(this.#table)));
    return true;
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
