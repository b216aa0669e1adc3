/**
 * Counters that were read twice, as what happened per second. Pure.
 * @typedef {import('./documents.js').ServiceCounters} ServiceCounters
 * @typedef {Pick<ServiceCounters, 'connections' | 'inBytes' | 'outBytes' | 'inPackets' | 'outPackets' | 'active' | 'inactive'>} Counters
 *
 * @typedef {object} Load
 * @property {number} active established connections
 * @property {number} inactive
 * @property {number | null} newPerSecond null: not known yet
 * @property {number | null} inPerSecond bytes
 * @property {number | null} outPerSecond bytes
 *
 * @typedef {object} Reading
 * @property {number} at milliseconds since 1970
 * @property {ReadonlyMap<string, Counters>} counters by row: a service's id, or that and a destination's
 */

/** @param {number} at @param {readonly ServiceCounters[]} items @returns {Reading} */
export function readingOf(at, items) {
  const counters = new Map();
  for (const service of items) {
    counters.set(service.id, service);
    for (const destination of service.destinations) counters.set(`${service.id} ${destination.id}`, destination);
  }
  return { at, counters };
}

/** @param {Reading | undefined} before @param {Reading} now @returns {ReadonlyMap<string, Load>} */
export function loadsOf(before, now) {
  const seconds = before === undefined ? 0 : (now.at - before.at) / 1000;
  const loads = new Map();
  for (const [key, counters] of now.counters) loads.set(key, loadOf(before?.counters.get(key), counters, seconds));
  return loads;
}

/** @param {Counters | undefined} before @param {Counters} now @param {number} seconds @returns {Load} */
function loadOf(before, now, seconds) {
  const { active, inactive } = now;
  // a counter that went back was begun anew: with the service, or by somebody
  const isKnown =
    before !== undefined && seconds > 0 && now.connections >= before.connections && now.inBytes >= before.inBytes;
  if (!isKnown) return { active, inactive, newPerSecond: null, inPerSecond: null, outPerSecond: null };
  return {
    active,
    inactive,
    newPerSecond: (now.connections - before.connections) / seconds,
    inPerSecond: (now.inBytes - before.inBytes) / seconds,
    outPerSecond: Math.max(0, now.outBytes - before.outBytes) / seconds,
  };
}

/** Of all services together. @param {readonly ServiceCounters[]} items @param {ReadonlyMap<string, Load>} loads @returns {Load} */
export function totalOf(items, loads) {
  /** @type {Load} */
  const total = { active: 0, inactive: 0, newPerSecond: null, inPerSecond: null, outPerSecond: null };
  for (const { id } of items) {
    const load = loads.get(id);
    if (load === undefined) continue;
    total.active += load.active;
    total.inactive += load.inactive;
    if (load.newPerSecond === null) continue;
    total.newPerSecond = (total.newPerSecond ?? 0) + load.newPerSecond;
    total.inPerSecond = (total.inPerSecond ?? 0) + (load.inPerSecond ?? 0);
    total.outPerSecond = (total.outPerSecond ?? 0) + (load.outPerSecond ?? 0);
  }
  return total;
}
