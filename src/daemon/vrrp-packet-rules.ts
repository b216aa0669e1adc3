import { isLvsError } from '../errors.js';
import type { Nft } from '../netfilter/nft.js';
import { OwnTable } from '../netfilter/own-table.js';
import { familiesOf, type VrrpRules, type VrrpTableSettings, vrrpTransaction } from '../netfilter/vrrp-rules.js';
import { type Log, reasonOf } from '../system/log.js';
import { Mailbox } from '../system/mailbox.js';

const families = ['ip', 'ip6'] as const;
const nothing: VrrpRules = { refused: [], virtual: [] };

/** What all virtual routers of this process need of the packet filter, in one table a family. Wishes that come together are one transaction. */
export class VrrpPacketRules {
  readonly #nft: Nft;
  readonly #log: Log;
  readonly #mailbox = new Mailbox();
  readonly #wishes = new Map<string, VrrpRules>();
  #applied: string | undefined;
  #before: ReadonlySet<'ip' | 'ip6'> | undefined;

  constructor(nft: Nft, log: Log) {
    this.#nft = nft;
    this.#log = log;
  }

  /** In force when it resolves. @throws LvsError NFT_MISSING, NFT_TIMEOUT, NFT_REFUSED where packets would be accepted that must not be */
  async wish(router: string, rules: VrrpRules | undefined, settings: VrrpTableSettings): Promise<void> {
    if (rules === undefined) this.#wishes.delete(router);
    else this.#wishes.set(router, rules);
    await this.#mailbox.post(async () => {
      try {
        await this.#apply(settings);
      } catch (error) {
        if (rules !== undefined && rules.refused.length > 0) throw error;
        if (rules === undefined || rules === nothing) return; // nobody misses what is not there
        this.#log.warn({ event: 'vrrp.packet-rules', router, reason: reasonOf(error) });
      }
    });
  }

  async #apply(settings: VrrpTableSettings): Promise<void> {
    const all = [...this.#wishes.values()];
    const rules = { refused: all.flatMap(({ refused }) => refused), virtual: all.flatMap(({ virtual }) => virtual) };
    const wanted = JSON.stringify([rules, settings]);
    if (wanted === this.#applied) return;
    this.#before ??= await this.#tables(settings.table);
    const transaction = vrrpTransaction(rules, settings, this.#before);
    if ((transaction['nftables'] as readonly unknown[]).length > 0) await this.#nft.load(JSON.stringify(transaction));
    this.#before = familiesOf(rules);
    this.#applied = wanted;
  }

  /** What a process before us left. */
  async #tables(name: string): Promise<ReadonlySet<'ip' | 'ip6'>> {
    try {
      const found = await Promise.all(
        families.map(async (family) => ((await new OwnTable(this.#nft, { family, name }).exists()) ? [family] : [])),
      );
      return new Set(found.flat());
    } catch (error) {
      if (isLvsError(error, 'NFT_MISSING')) return new Set();
      throw error;
    }
  }
}
