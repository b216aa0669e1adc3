import { done, refuse, type VppCommand } from './command.js';

type List = 'nat4In' | 'nat6In';

/** Interfaces that replies of NAT servers come in by. The engine translates replies wherever they come in; this is remembered. */
const setInterface = (nat: 'nat4' | 'nat6', list: List): VppCommand => {
  const path = `lb set interface ${nat}`;
  return {
    path,
    help: `${path} in <intfc> [del]`,
    run(state, input, { interfaces }) {
      let names = state[list];
      while (!input.isEmpty) {
        const { rest } = input;
        const name = input.take(/in\s+(\S+)/)?.[1];
        if (name === undefined || interfaces?.has(name) === false)
          return refuse(state, path, `unknown input '${rest}'`);
        const others = names.filter((one) => one !== name);
        names = input.take(/del/) === undefined ? [...others, name] : others;
      }
      return done({ ...state, [list]: names });
    },
  };
};

export const lbSetInterfaceNat4 = setInterface('nat4', 'nat4In');
export const lbSetInterfaceNat6 = setInterface('nat6', 'nat6In');
