/** What is said on a connection of the pair, behind hello. Whoever says it has proved the key; what it says is still looked at. */
import type { VrrpReport } from '../vrrp/report.js';
import type { RouterId, RouterState, SideFacts } from './facts.js';

/** Something one side wants of the other. Answered by `answer` with the same id. */
export type Wish =
  /** Take the addresses of these; the answer comes when they are held. */
  | { readonly do: 'take-over'; readonly routers: readonly RouterId[] }
  /** It is not wanted any more: the answer came too late. */
  | { readonly do: 'give-back'; readonly routers: readonly RouterId[] }
  /** Ask me to take these over. */
  | { readonly do: 'hand-over'; readonly routers: readonly RouterId[] }
  | { readonly do: 'report' };

/** What one side sees of itself at a moment. */
export interface SideReport {
  readonly facts: SideFacts;
  readonly vrrp: VrrpReport;
  /** Connections that the director forwards; null: it has told nothing. */
  readonly connections: number | null;
}

export type Message =
  /** The first of each side: that it can be signed is all it says. */
  | { readonly is: 'proof' }
  | { readonly is: 'facts'; readonly facts: SideFacts }
  /** The heartbeat. */
  | { readonly is: 'states'; readonly routers: readonly RouterState[] }
  /** The teller was master of these, and has let go without a successor. */
  | { readonly is: 'lost'; readonly routers: readonly RouterId[] }
  | { readonly is: 'wish'; readonly id: number; readonly wish: Wish }
  /** `refused`: why not; null: done. */
  | { readonly is: 'answer'; readonly id: number; readonly refused: string | null; readonly report?: SideReport };

type Plain = Readonly<Record<string, unknown>>;

const isPlain = (told: unknown): told is Plain => typeof told === 'object' && told !== null && !Array.isArray(told);
const isText = (told: unknown): told is string => typeof told === 'string';
const isNumber = (told: unknown): told is number => typeof told === 'number' && told >= 0;
const isListOf =
  (is: (told: unknown) => boolean) =>
  (told: unknown): boolean =>
    Array.isArray(told) && told.every(is);
const isMapOfTexts = (told: unknown): boolean => isPlain(told) && Object.values(told).every(isText);

const isRouterId = (told: unknown): boolean =>
  isPlain(told) &&
  isText(told['name']) &&
  (told['family'] === 'ip4' || told['family'] === 'ip6') &&
  isNumber(told['vrid']);

const ROLES: readonly unknown[] = ['initialize', 'backup', 'master', 'fault'];

const isRouterState = (told: unknown): boolean =>
  isRouterId(told) &&
  isPlain(told) &&
  ROLES.includes(told['role']) &&
  isNumber(told['priority']) &&
  (told['advertMsAgo'] === null || isNumber(told['advertMsAgo']));

const isRouterFacts = (told: unknown): boolean => isRouterId(told) && isPlain(told) && isMapOfTexts(told['facts']);

const isDirector = (told: unknown): boolean =>
  told === null ||
  (isPlain(told) &&
    isMapOfTexts(told['services']) &&
    isMapOfTexts(told['maglev']) &&
    isMapOfTexts(told['health']) &&
    (told['overrides'] === undefined || isMapOfTexts(told['overrides'])) &&
    (told['file'] === undefined || isText(told['file'])));

const isFacts = (told: unknown): boolean =>
  isPlain(told) &&
  isText(told['name']) &&
  isText(told['software']) &&
  isNumber(told['beatMs']) &&
  isListOf(isRouterFacts)(told['routers']) &&
  isDirector(told['director']);

const isWish = (told: unknown): boolean => {
  if (!isPlain(told)) return false;
  if (told['do'] === 'report') return true;
  const isKnown = told['do'] === 'take-over' || told['do'] === 'give-back' || told['do'] === 'hand-over';
  return isKnown && isListOf(isRouterId)(told['routers']);
};

/** `vrrp` is printed and not acted upon: its rows must be rows. */
const isReport = (told: unknown): boolean =>
  told === undefined ||
  (isPlain(told) &&
    isFacts(told['facts']) &&
    isPlain(told['vrrp']) &&
    isListOf(isPlain)(told['vrrp']['instances']) &&
    isListOf(isPlain)(told['vrrp']['groups']) &&
    (told['connections'] === null || isNumber(told['connections'])));

export function isMessage(told: unknown): told is Message {
  if (!isPlain(told)) return false;
  switch (told['is']) {
    case 'proof':
      return true;
    case 'facts':
      return isFacts(told['facts']);
    case 'states':
      return isListOf(isRouterState)(told['routers']);
    case 'lost':
      return isListOf(isRouterId)(told['routers']);
    case 'wish':
      return isNumber(told['id']) && isWish(told['wish']);
    case 'answer':
      return isNumber(told['id']) && (told['refused'] === null || isText(told['refused'])) && isReport(told['report']);
    default:
      return false;
  }
}
