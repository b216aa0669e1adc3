import { Diagnostics, type Diagnostic, type Kind, type Place } from './diagnostics.js';

/** A warning: its place, the sentence, what to write instead if that can be said. */
export type Say = (place: Place, message: string, expected?: string, kind?: Kind) => void;

interface Said {
  readonly place: Place;
  readonly expected: string | undefined;
  readonly kind: Kind;
  more: number;
}

/** Collects warnings about a whole configuration. What is the same sentence about many places is one warning, at the first of them. */
export class Advisor {
  readonly #said = new Map<string, Said>();

  readonly say: Say = (place, message, expected, kind = 'advice') => {
    const before = this.#said.get(message);
    if (before === undefined) this.#said.set(message, { place, expected, kind, more: 0 });
    else before.more++;
  };

  sorted(files: readonly string[]): readonly Diagnostic[] {
    const diagnostics = new Diagnostics();
    for (const [message, { place, expected, kind, more }] of this.#said) {
      const others = more === 0 ? '' : ` (here and in ${more} more ${more === 1 ? 'place' : 'places'})`;
      diagnostics.warning(place, `${message}${others}`, { kind, expected });
    }
    return diagnostics.sorted(files);
  }
}
