import { type OptionClass, optionClasses, type Rules } from './options.js';
import { type Refusal, wrong } from './refusal.js';

const tunnelClasses = ['tun-port', 'tun-nocsum', 'tun-csum', 'tun-remcsum'] as const;

/** The first breach in the order of the classes, or undefined. `what` ends the sentence: `the 'list' command`. */
function breach(
  classes: readonly OptionClass[],
  rules: Rules,
  given: ReadonlySet<OptionClass>,
  preposition: (word: 'for' | 'with' | 'in') => string,
): Refusal | undefined {
  let chosen: OptionClass | undefined;
  for (const name of classes) {
    const rule = rules[name];
    if (!given.has(name)) {
      if (rule === 'required') return wrong(`You need to supply the '${name}' option ${preposition('for')}`);
    } else if (rule === undefined) return wrong(`Illegal '${name}' option ${preposition('with')}`);
    else if (rule === 'one of') {
      if (chosen !== undefined)
        return wrong(`The option '${name}' conflicts with the '${chosen}' option ${preposition('in')}`);
      chosen = name;
    }
  }
  return undefined;
}

export const commandBreach = (rules: Rules, given: ReadonlySet<OptionClass>, command: string): Refusal | undefined =>
  breach(optionClasses, rules, given, (word) => `${word} the '${command}' command`);

export const tunnelBreach = (rules: Rules, given: ReadonlySet<OptionClass>, type: string): Refusal | undefined =>
  breach(tunnelClasses, rules, given, (word) => `${word} the '${type}' tunnel type`);
