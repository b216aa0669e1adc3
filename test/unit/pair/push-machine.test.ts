import fc from 'fast-check';
import t from 'tap';
import { newPush, type PushAction, type PushEvent, type PushState, stepPush } from '../../../src/pair/push-machine.js';
import { done, failure } from '../../../src/pair/push-messages.js';

const ID = '00112233aabbccdd';
const settings = { trialMs: 88_000 };
const offer: PushEvent = { is: 'offer', push: { id: ID, by: 'peer', from: 'lb1' }, reply: done, holdMs: 90_000 };
const commit: PushEvent = { is: 'commit', id: ID, inMs: 0 };
const later: PushEvent = { is: 'commit', id: ID, inMs: 3000 };
const timer: PushEvent = { is: 'timer' };
const worked: PushEvent = { is: 'worked', failed: undefined };
const failed: PushEvent = { is: 'worked', failed: 'no space left' };
const keep: PushEvent = { is: 'settle', id: ID, keep: true, why: '' };
const back: PushEvent = { is: 'settle', id: ID, keep: false, why: 'lb1 says no' };

function play(...events: readonly PushEvent[]): { readonly state: PushState; readonly actions: readonly PushAction[] } {
  let step: ReturnType<typeof stepPush> = { state: newPush, actions: [] };
  for (const event of events) step = stepPush(settings, step.state, event);
  return step;
}

/** `keep?no space left`: answered; `try`: done. Of the last event. */
const doneOf = (...events: readonly PushEvent[]): string[] =>
  play(...events).actions.map((action) => {
    switch (action.do) {
      case 'answer':
        return `${action.to}? ${action.reply.failed ?? 'yes'}`;
      case 'arm':
        return `arm ${action.ms}`;
      case 'tell':
        return `${action.event}${action.why === undefined ? '' : `: ${action.why}`}`;
      default:
        return action.do;
    }
  });

const rows: readonly (readonly [what: string, events: readonly PushEvent[], does: readonly string[], is: string])[] = [
  ['an offer stands', [offer], ['arm 90000', 'offer? yes', 'pair.push-offered'], 'offered'],
  [
    'one that cannot be read does not',
    [{ ...offer, reply: failure('errors', ['a:1:1']) }],
    ['offer? errors', 'pair.push-refused: errors'],
    'idle',
  ],
  [
    'while another one is tried it is refused',
    [offer, commit, { ...offer, push: { id: 'other', by: 'here', from: 'lb2' } }],
    ['offer? another push is under way, from lb1', 'pair.push-refused: another push is under way, from lb1'],
    'trying',
  ],
  [
    'one of the other director does not take its place',
    [offer, { ...offer, push: { id: 'other', by: 'here', from: 'lb2' } }],
    ['offer? another push is under way, from lb1', 'pair.push-refused: another push is under way, from lb1'],
    'offered',
  ],
  [
    'a newer one of the same director does',
    [offer, { ...offer, push: { id: 'other', by: 'peer', from: 'lb1' } }],
    ['arm 90000', 'offer? yes', 'pair.push-offered'],
    'offered',
  ],
  ['nobody commits', [offer, timer], ['pair.push-forgotten: it was not committed in its time'], 'idle'],
  ['a commit', [offer, commit], ['disarm', 'try'], 'trying'],
  ['a commit for a moment', [offer, later], ['arm 3000'], 'waiting'],
  ['the moment', [offer, later, timer], ['disarm', 'try'], 'trying'],
  ['the same commit again', [offer, later, commit], [], 'waiting'],
  ['the same again, while it is tried', [offer, commit, commit], [], 'trying'],
  ['the same again, on trial', [offer, commit, worked, commit], ['commit? yes'], 'trial'],
  ['a commit of what is forgotten', [offer, timer, commit], ['commit? it was not committed in its time'], 'idle'],
  ['a commit of what was never offered', [commit], ['commit? it is not offered any more'], 'idle'],
  ['tried', [offer, commit, worked], ['arm 88000', 'commit? yes', 'pair.push-tried'], 'trial'],
  ['tried in vain', [offer, commit, failed], ['commit? no space left', 'disarm', 'back'], 'returning'],
  [
    'gone back',
    [offer, commit, failed, worked],
    ['pair.push-back: no space left', 'keep? it has gone back: no space left', 'back? yes'],
    'idle',
  ],
  ['it stays: written down first', [offer, commit, worked, keep], ['disarm', 'keep'], 'keeping'],
  [
    'it stays',
    [offer, commit, worked, keep, worked],
    ['keep? yes', 'back? it stays already', 'pair.push-kept'],
    'idle',
  ],
  ['it cannot be written down', [offer, commit, worked, keep, failed], ['disarm', 'back'], 'returning'],
  [
    'who asked to keep it is told',
    [offer, commit, worked, keep, failed, worked],
    ['pair.push-back: no space left', 'keep? it has gone back: no space left', 'back? yes'],
    'idle',
  ],
  ['it shall not stay', [offer, commit, worked, back], ['disarm', 'back'], 'returning'],
  ['nobody says that it stays', [offer, commit, worked, timer], ['disarm', 'back'], 'returning'],
  [
    'a word that comes too late',
    [offer, commit, worked, timer, worked, keep],
    ['keep? it has gone back: nobody confirmed it within 88 seconds'],
    'idle',
  ],
  ['the same word again', [offer, commit, worked, keep, worked, keep], ['keep? yes'], 'idle'],
  ['another word afterwards', [offer, commit, worked, keep, worked, back], ['back? it stays already'], 'idle'],
  ['taken back while it is tried', [offer, commit, back], [], 'trying'],
  [
    '… it goes back when that is over',
    [offer, commit, back, worked],
    ['commit? lb1 says no', 'disarm', 'back'],
    'returning',
  ],
  [
    'an offer that is taken back',
    [offer, back],
    ['disarm', 'commit? lb1 says no', 'back? yes', 'pair.push-forgotten: lb1 says no'],
    'idle',
  ],
  [
    'a commit that is taken back before its moment',
    [offer, later, back],
    ['disarm', 'commit? lb1 says no', 'back? yes', 'pair.push-forgotten: lb1 says no'],
    'idle',
  ],
  ['what was never offered is not there', [back], ['back? yes'], 'idle'],
  ['and does not stay', [keep], ['keep? it is not offered any more'], 'idle'],
  ['an offer that shall stay', [offer, keep], ['keep? it was not in force yet'], 'offered'],
  [
    'what cannot go back is an error',
    [offer, commit, worked, back, failed],
    [
      'pair.push-stuck: no space left',
      'keep? it has gone back: lb1 says no',
      'back? what was before could not be brought back: no space left',
    ],
    'idle',
  ],
];

for (const [what, events, does, is] of rows)
  t.test(what, (t) => {
    t.same(doneOf(...events), does);
    t.equal(play(...events).state.is, is);
    t.end();
  });

t.test('whatever comes: what is tried is settled, one thing at a time, and nobody waits for ever', (t) => {
  const events = [offer, commit, later, timer, worked, failed, keep, back];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events), { maxLength: 40 }), (played) => {
      let state: PushState = newPush;
      let working = false;
      let armed = false;
      for (const event of played) {
        if (event.is === 'worked' && !working) continue;
        if (event.is === 'timer' && !armed) continue;
        if (event.is === 'worked') working = false;
        if (event.is === 'timer') armed = false;
        const step = stepPush(settings, state, event);
        ({ state } = step);
        for (const action of step.actions) {
          if (action.do === 'arm') armed = true;
          if (action.do === 'disarm') armed = false;
          if (action.do === 'try' || action.do === 'keep' || action.do === 'back') {
            if (working) throw new Error('two things at once');
            working = true;
          }
        }
        const needsWork = state.is === 'trying' || state.is === 'keeping' || state.is === 'returning';
        const needsTime = state.is === 'offered' || state.is === 'waiting' || state.is === 'trial';
        if (working !== needsWork) throw new Error(`${state.is}, and ${working ? 'something' : 'nothing'} is done`);
        if (armed !== needsTime) throw new Error(`${state.is}, and the timer is ${armed ? 'armed' : 'not armed'}`);
      }
    }),
  );
  t.end();
});
