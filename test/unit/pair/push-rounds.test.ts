import t from 'tap';
import { done, failure } from '../../../src/pair/push-messages.js';
import {
  beginRounds,
  type Heard,
  type RoundsAction,
  type RoundsEvent,
  type RoundsState,
  type Side,
  stepRounds,
} from '../../../src/pair/push-rounds.js';

const settings = { checkOnly: false, retryMs: 1000, mostTries: 3 };
const yes: Heard = { reply: done };
const no: Heard = { reply: failure('no') };
const nothing: Heard = { unheard: 'silence' };
const timer: RoundsEvent = { is: 'timer' };
const heard = (side: Side, of: 'offer' | 'commit' | 'keep' | 'back', what: Heard): RoundsEvent => ({
  is: 'heard',
  side,
  of,
  what,
});
const both = (of: 'offer' | 'commit' | 'back', what: Heard): RoundsEvent[] => [
  heard('here', of, what),
  heard('peer', of, what),
];
const agreed = [...both('offer', yes)];
const tried = [...agreed, timer, ...both('commit', yes)];

function play(checkOnly: boolean, events: readonly RoundsEvent[]): { is: RoundsState['is']; does: string[] } {
  let { state, actions } = beginRounds();
  for (const event of events) ({ state, actions } = stepRounds({ ...settings, checkOnly }, state, event));
  return { is: state.is, does: actions.map(textOf) };
}

function textOf(action: RoundsAction): string {
  switch (action.do) {
    case 'ask':
      return `${action.what} ${action.side}${action.what === 'back' ? `: ${action.why}` : ''}`;
    case 'arm':
      return `arm ${action.ms}`;
    case 'end':
      return JSON.stringify(action.end);
    default:
      return action.do;
  }
}

const rows: readonly (readonly [string, readonly RoundsEvent[], readonly string[], RoundsState['is'], check?: true])[] =
  [
    ['both are asked', [], ['offer here', 'offer peer'], 'offering'],
    ['one answers', [heard('peer', 'offer', yes)], [], 'offering'],
    ['both would take it', agreed, ['agree'], 'agreed'],
    [
      'that was all',
      agreed,
      ['back here: it was only asked for', 'back peer: it was only asked for'],
      'letting-go',
      true,
    ],
    [
      'one would not',
      [heard('here', 'offer', yes), heard('peer', 'offer', no)],
      ['back here: peer: no', 'back peer: peer: no'],
      'letting-go',
    ],
    [
      'and both have forgotten it',
      [heard('here', 'offer', yes), heard('peer', 'offer', no), ...both('back', yes)],
      ['{"is":"refused","why":["peer: no"]}'],
      'over',
    ],
    [
      'an offer that cannot be taken back ends by itself',
      [
        heard('here', 'offer', no),
        heard('peer', 'offer', yes),
        heard('peer', 'back', nothing),
        heard('here', 'back', yes),
      ],
      ['{"is":"refused","why":["here: no"]}'],
      'over',
    ],
    [
      'cancelled',
      [...agreed, { is: 'cancel', why: 'never mind' }],
      ['disarm', 'back here: never mind', 'back peer: never mind'],
      'letting-go',
    ],
    ['the moment', [...agreed, timer], ['commit here', 'commit peer'], 'committing'],
    ['too late to cancel', [...agreed, timer, { is: 'cancel', why: 'never mind' }], [], 'committing'],
    ['both tried it: the peer keeps it first', tried, ['keep peer'], 'keeping'],
    ['then we', [...tried, heard('peer', 'keep', yes)], ['keep here'], 'keeping'],
    ['in force', [...tried, heard('peer', 'keep', yes), heard('here', 'keep', yes)], ['{"is":"in-force"}'], 'over'],
    [
      'the first no is enough',
      [...agreed, timer, heard('peer', 'commit', nothing)],
      ['back here: peer: silence', 'back peer: peer: silence'],
      'letting-go',
    ],
    [
      'the other answer comes too late',
      [...agreed, timer, heard('peer', 'commit', no), heard('here', 'commit', yes)],
      [],
      'letting-go',
    ],
    [
      'one could not',
      [...agreed, timer, heard('here', 'commit', yes), heard('peer', 'commit', nothing)],
      ['back here: peer: silence', 'back peer: peer: silence'],
      'letting-go',
    ],
    [
      'the peer went back before it was told to stay',
      [...tried, heard('peer', 'keep', no), heard('here', 'back', yes), heard('peer', 'back', yes)],
      ['{"is":"back","why":["peer: no"],"peer":"back"}'],
      'over',
    ],
    ['the peer is not heard: once more', [...tried, heard('peer', 'keep', nothing)], ['arm 1000'], 'keeping'],
    ['once more', [...tried, heard('peer', 'keep', nothing), timer], ['keep peer'], 'keeping'],
    [
      'three times, and it is not asked for anything any more',
      [
        ...tried,
        heard('peer', 'keep', nothing),
        timer,
        heard('peer', 'keep', nothing),
        timer,
        heard('peer', 'keep', nothing),
      ],
      ['back here: peer: silence'],
      'letting-go',
    ],
    [
      'and of it nothing is known',
      [
        ...tried,
        heard('peer', 'keep', nothing),
        timer,
        heard('peer', 'keep', nothing),
        timer,
        heard('peer', 'keep', nothing),
        heard('here', 'back', yes),
      ],
      ['{"is":"back","why":["peer: silence"],"peer":"unknown"}'],
      'over',
    ],
    [
      'a peer that is told to go back is told three times',
      [
        ...agreed,
        timer,
        heard('here', 'commit', no),
        heard('peer', 'commit', yes),
        heard('here', 'back', yes),
        heard('peer', 'back', nothing),
        timer,
        heard('peer', 'back', nothing),
        timer,
        heard('peer', 'back', nothing),
      ],
      ['{"is":"back","why":["here: no"],"peer":"unknown"}'],
      'over',
    ],
    [
      'ours could not be kept when the peer had it',
      [...tried, heard('peer', 'keep', yes), heard('here', 'keep', no)],
      ['{"is":"apart","why":["here: no"]}'],
      'over',
    ],
    [
      'one could not go back',
      [
        ...agreed,
        timer,
        heard('here', 'commit', no),
        heard('peer', 'commit', yes),
        heard('here', 'back', yes),
        heard('peer', 'back', no),
      ],
      ['{"is":"apart","why":["here: no","peer: no"]}'],
      'over',
    ],
    [
      'an answer that nobody waits for',
      [...tried, heard('here', 'offer', no), heard('here', 'keep', yes)],
      [],
      'keeping',
    ],
  ];

for (const [what, events, does, is, check = false] of rows)
  t.test(what, (t) => {
    t.same(play(check, events), { is, does });
    t.end();
  });
