import type { Nft } from './nft.js';
import { objectsOf } from './same.js';
import type { Json } from './ruleset.js';
import { removalText, type Steering, steeringRuleset } from './steering-rules.js';

/**
 * Our table at ingress, for an engine that reads through AF_PACKET. It stays when lvsd goes and the engine does not; while the engine is
 * away for a moment, packets of its services are lost rather than answered by a kernel that knows no such service.
 */
export class SteeringTable {
  readonly #nft: Nft;
  /** What is there; undefined: not known yet. */
  #text: string | undefined;

  constructor(nft: Nft) {
    this.#nft = nft;
  }

  /** In one transaction. Tells whether anything was written. @throws LvsError NFT_MISSING, NFT_TIMEOUT, NFT_REFUSED */
  async apply(steering: Steering): Promise<boolean> {
    if (steering.devices.length === 0) return this.remove();
    const text = steeringRuleset(steering);
    if (text === this.#text) return false;
    this.#text = undefined;
    await this.#nft.load(text);
    this.#text = text;
    return true;
  }

  /** Tells whether there was one. */
  async remove(): Promise<boolean> {
    if (this.#text === '') return false;
    const wasThere = this.#text !== undefined || (await this.#isThere());
    if (wasThere) await this.#nft.load(removalText);
    this.#text = '';
    return wasThere;
  }

  async #isThere(): Promise<boolean> {
    const listed = await this.#nft.run(['list', 'tables']);
    if (listed.trim() === '') return false;
    return objectsOf(JSON.parse(listed) as Json).some((object) => JSON.stringify(object).includes(NAMED));
  }
}

/** How nft's JSON begins the table, whatever follows. */
const NAMED = `{"table":{"family":"netdev","name":"lvsd-steer"`;
