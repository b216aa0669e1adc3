import { step } from '../../../src/lb/vpp/cli.js';
import type { Effect } from '../../../src/lb/vpp/command.js';
import { noNumbers, type VppNumbers } from '../../../src/lb/vpp/numbers.js';
import { emptyVppState, type VppState } from '../../../src/lb/vpp/state.js';

/** A VPP command line that remembers. */
export class Typed {
  state: VppState = emptyVppState;
  effects: Effect[] = [];
  readonly #numbers: VppNumbers;

  constructor(numbers: VppNumbers = noNumbers) {
    this.#numbers = numbers;
  }

  /** What it answers. */
  run(line: string): string {
    const { state, text, effects } = step(this.state, line, {
      interfaces: new Set(['pg0', 'pg1']),
      numbers: this.#numbers,
    });
    this.state = state;
    this.effects.push(...effects);
    return text;
  }
}
