import { familyOf } from '../model/address.js';
import { type DscpMapping, l3dsrRuleset, l3dsrTable, readMappings } from './l3dsr.js';
import type { Nft } from './nft.js';
import { OwnTable } from './own-table.js';
import type { TableName } from './ruleset.js';

/** Our table of what DSCPs mean. @throws LvsError NFT_MISSING, NFT_TIMEOUT, NFT_REFUSED */
export class L3dsrTable {
  readonly #own: OwnTable;
  readonly #table: TableName;

  constructor(nft: Nft, table: TableName = l3dsrTable) {
    this.#own = new OwnTable(nft, table);
    this.#table = table;
  }

  /** What is in force. None where somebody changed our table: the next mapping makes it anew. */
  async list(): Promise<readonly DscpMapping[]> {
    const { mappings, exact } = await this.#read();
    return exact ? mappings : [];
  }

  /** From now on this DSCP, of the VIP's family, means that VIP. */
  async add(mapping: DscpMapping): Promise<void> {
    const { mappings } = await this.#read();
    const others = mappings.filter((one) => !isSamePlace(one, mapping));
    await this.#own.replace(l3dsrRuleset([...others, mapping], this.#table));
  }

  /** Without the last one there is no table. */
  async delete(mapping: DscpMapping): Promise<void> {
    const { mappings } = await this.#read();
    const others = mappings.filter((one) => one.dscp !== mapping.dscp || one.vip !== mapping.vip);
    if (others.length > 0) await this.#own.replace(l3dsrRuleset(others, this.#table));
    else await this.#own.remove();
  }

  async #read(): Promise<ReturnType<typeof readMappings>> {
    const listed = await this.#own.list();
    return listed === undefined ? { mappings: [], exact: true } : readMappings(listed, this.#table);
  }
}

const isSamePlace = (one: DscpMapping, other: DscpMapping): boolean =>
  one.dscp === other.dscp && familyOf(one.vip) === familyOf(other.vip);
