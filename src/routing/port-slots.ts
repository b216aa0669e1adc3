/** A service names the ports it takes packets from as bits of a 64-bit number. */
export const MOST_PORTS = 64;

/** Which port has which index: for as long as it is one, since images and the engine know it by its index. */
export class PortSlots {
  /** '' is a free one. */
  #names: readonly string[] = [];

  get names(): readonly string[] {
    return this.#names;
  }

  /** An engine that runs has them so. */
  take(ports: readonly { readonly index: number; readonly name: string }[]): void {
    const names: string[] = [];
    for (const { index, name } of ports) if (index < MOST_PORTS) names[index] = name;
    this.#names = Array.from(names, (name: string | undefined) => name ?? '');
  }

  /** These, and no others. Those that do not fit are answered. */
  assign(wanted: readonly string[]): readonly string[] {
    const names = this.#names.map((name) => (wanted.includes(name) ? name : ''));
    const left: string[] = [];
    for (const name of wanted) {
      if (names.includes(name)) continue;
      const free = names.indexOf('');
      if (free >= 0) names[free] = name;
      else if (names.length < MOST_PORTS) names.push(name);
      else left.push(name);
    }
    this.#names = names;
    return left;
  }
}
