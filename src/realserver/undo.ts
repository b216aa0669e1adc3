import type { Memory } from './memory.js';
import { type DscpMapping, type GuePort, isSameDscp, type Observed, type Step } from './plan.js';

/** The memory after a step that is about to be done. What was there first is what counts. */
export function remember(memory: Memory, step: Step): Memory {
  switch (step.do) {
    case 'set-sysctl':
      return step.was === undefined || Object.hasOwn(memory.sysctls, step.name)
        ? memory
        : { ...memory, sysctls: { ...memory.sysctls, [step.name]: step.was } };
    case 'add-tunnel':
      return { ...memory, created: withOne(memory.created, step.interface) };
    case 'open-port':
      return {
        ...memory,
        opened: [...memory.opened.filter((one) => !samePort(one, step)), { family: step.family, port: step.port }],
      };
    case 'set-up':
      return { ...memory, setUp: withOne(memory.setUp, step.interface) };
    case 'add-address':
      return withVip(memory, step.interface, step.address, true);
    case 'map-dscp':
      return withDscp(memory, { dscp: step.dscp, vip: step.vip });
    case 'unmap-dscp':
    case 'close-port':
    case 'set-down':
    case 'delete-link':
    case 'delete-address':
      return memory;
  }
}

const samePort = (a: GuePort, b: GuePort): boolean => a.family === b.family && a.port === b.port;

const withOne = (list: readonly string[], one: string): readonly string[] =>
  list.includes(one) ? list : [...list, one];

/** A VIP that was asked for keeps the suppression in force until it is undone, also if it was there before. */
export function withVip(memory: Memory, holder: string, address: string, added: boolean): Memory {
  const same = (vip: Memory['vips'][number]): boolean => vip.interface === holder && vip.address === address;
  const known = memory.vips.find(same);
  if (known !== undefined && (known.added || !added)) return memory;
  return { ...memory, vips: [...memory.vips.filter((vip) => !same(vip)), { interface: holder, address, added }] };
}

/** Our table has nothing but what was asked for: whoever made it so, it is taken back with the rest. */
export function withDscp(memory: Memory, mapping: DscpMapping): Memory {
  const others = memory.dscps.filter((one) => !isSameDscp(one, mapping));
  return { ...memory, dscps: [...others, mapping] };
}

export interface Undoing {
  readonly steps: readonly Step[];
  /** What is left to be undone later; undefined: all is as it was, and the memory can go. */
  readonly rest: Memory | undefined;
}

/** Takes back the VIPs named, or all; with the last of them all the rest. What somebody else removed meanwhile is not missed. */
export function undo(memory: Memory, observed: Observed, vips?: readonly string[]): Undoing {
  const leaves = ({ address }: { readonly address: string }): boolean => vips === undefined || vips.includes(address);
  const addresses = memory.vips
    .filter((vip) => leaves(vip) && vip.added)
    .flatMap((vip) => deleteAddress(vip, observed));
  const dscps = memory.dscps.filter(({ vip }) => leaves({ address: vip })).flatMap((one) => unmap(one, observed));
  const staying = memory.vips.filter((vip) => !leaves(vip));
  if (staying.length > 0) {
    const mapped = memory.dscps.filter(({ vip }) => !leaves({ address: vip }));
    return { steps: [...dscps, ...addresses], rest: { ...memory, vips: staying, dscps: mapped } };
  }
  return {
    steps: [
      ...dscps,
      ...addresses,
      ...setDown(memory, observed),
      ...close(memory, observed),
      ...restore(memory, observed),
      ...remove(memory, observed),
    ],
    rest: undefined,
  };
}

function deleteAddress({ interface: holder, address }: Memory['vips'][number], observed: Observed): Step[] {
  const there = observed.addresses.some((found) => found.interface === holder && found.address === address);
  return there ? [{ do: 'delete-address', interface: holder, address }] : [];
}

const unmap = ({ dscp, vip }: DscpMapping, { dscps }: Observed): Step[] =>
  dscps.some((one) => one.dscp === dscp && one.vip === vip) ? [{ do: 'unmap-dscp', dscp, vip }] : [];

const setDown = ({ setUp }: Memory, { links }: Observed): Step[] =>
  setUp
    .filter((name) => links.some((link) => link.name === name && link.up))
    .map((name) => ({ do: 'set-down', interface: name }));

const close = ({ opened }: Memory, { ports }: Observed): Step[] =>
  opened
    .filter((mine) => ports.some((open) => samePort(open, mine)))
    .map(({ family, port }) => ({ do: 'close-port', family, port }));

const restore = ({ sysctls }: Memory, observed: Observed): Step[] =>
  Object.entries(sysctls).flatMap(([name, before]): Step[] => {
    const now = observed.sysctls.get(name);
    return now === undefined || now === before ? [] : [{ do: 'set-sysctl', name, value: before, was: now }];
  });

const remove = ({ created }: Memory, { links }: Observed): Step[] =>
  created
    .filter((name) => links.some((link) => link.name === name))
    .map((name) => ({ do: 'delete-link', interface: name }));
