/**
 * One server: what it does, and what can be done with it by those who may. What is changed is what is shown: if somebody was faster, it is
 * refused and shown anew.
 * @typedef {import('./documents.js').Destination} Destination
 * @typedef {import('./documents.js').Changed} Changed
 * @typedef {import('./documents.js').LiveConnection} LiveConnection
 * @typedef {import('./site.js').Server} Server
 * @typedef {import('./rates.js').Load} Load
 */
import { make, setText } from './dom.js';
import { clock, many, NOT_KNOWN, short, whole } from './format.js';

const MOST_WEIGHT = 2_147_483_647;
const DEADLINES = /** @type {const} */ ([
  [60, '1 minute'],
  [300, '5 minutes'],
  [900, '15 minutes'],
  [3600, '1 hour'],
  [28_800, '8 hours'],
]);
const USUAL_DEADLINE = 300;
/** Read, and shown of them: those that are established before those that end. */
const MOST_CONNECTIONS = { read: 2000, shown: 50 };

export class ServerDialog {
  /** @type {HTMLDialogElement} */
  #dialog;
  /** @type {import('./access.js').Access} */
  #access;
  /** @type {() => void} */
  #onChanged;
  /** @type {Server | undefined} */
  #server;
  /** Of what is shown. @type {string | null} */
  #etag = null;
  #mayChange = false;
  #facts = make('dl', { class: 'facts' });
  #state = make('p', { class: 'server-state' });
  #actions = make('div', { class: 'actions' });
  #outcome = make('p', { class: 'outcome', role: 'status' });

  /** @param {HTMLDialogElement} dialog @param {import('./access.js').Access} access @param {() => void} onChanged */
  constructor(dialog, access, onChanged) {
    this.#dialog = dialog;
    this.#access = access;
    this.#onChanged = onChanged;
    dialog.addEventListener('close', () => (this.#server = undefined));
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog) dialog.close();
    });
  }

  get #path() {
    const { service, document } = /** @type {Server} */ (this.#server);
    return `v1/services/${service.document.id}/destinations/${document.id}`;
  }

  /** Key of the server that is shown; undefined: the dialog is closed. */
  get key() {
    return this.#server?.key;
  }

  /** @param {Server} server @param {Load | undefined} load @param {boolean} mayChange */
  open(server, load, mayChange) {
    const { address, port } = server.document;
    this.#server = server;
    this.#mayChange = mayChange && server.document.server !== null;
    this.#etag = null;
    this.#outcome.replaceChildren();
    const close = make('button', { type: 'button', class: 'close', 'aria-label': 'Close' }, '×');
    close.addEventListener('click', () => this.#dialog.close());
    this.#dialog.replaceChildren(
      close,
      make('h2', { id: 'server-title' }, `${address}:${port}`),
      make('p', { class: 'quiet' }, server.service.document.name),
      this.#state,
      this.#facts,
      this.#actions,
      this.#outcome,
      this.#connections(),
    );
    this.#show(server, load);
    this.#layActions(server.document);
    this.#dialog.showModal();
    void this.#look();
  }

  /** It was read again with all the others. @param {Server | undefined} server @param {Load | undefined} load */
  renew(server, load) {
    if (server === undefined) {
      this.#actions.replaceChildren();
      setText(this.#outcome, 'This server is not there any more.');
      return;
    }
    const before = this.#server?.document;
    this.#server = server;
    this.#show(server, load);
    const { maintenance, drain, override } = server.document;
    const isOther =
      before?.maintenance !== maintenance || before.drain?.id !== drain?.id || before.override !== override;
    if (isOther) this.#layActions(server.document);
    void this.#look();
  }

  /** Which state of it is changed. */
  async #look() {
    const path = this.#path;
    try {
      const { etag } = await this.#access.ask(path);
      if (this.#server !== undefined && this.#path === path) this.#etag = etag;
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error), 'bad');
    }
  }

  /** @param {Server} server @param {Load | undefined} load */
  #show({ document, state, word, why }, load) {
    this.#state.dataset['state'] = state;
    this.#state.replaceChildren(
      make('span', { class: 'mark', 'aria-hidden': 'true' }),
      make('b', {}, word),
      why === '' ? '' : ` ${why}`,
    );
    const { weight, configuredWeight, override, health, method, drain } = document;
    /** @type {[string, string][]} */
    const facts = [
      ['Weight in force', weight === null ? 'none: it is not in the table' : String(weight)],
      [
        'Weight declared',
        `${configuredWeight ?? NOT_KNOWN}${override === null ? '' : `, overridden with ${override}`}`,
      ],
      ['Checks say', health ?? 'nothing'],
      ['Method', method],
      ['Connections', `${whole(load?.active)} established, ${whole(load?.inactive)} others`],
      ['New connections', load?.newPerSecond == null ? NOT_KNOWN : `${short(load.newPerSecond)}/s`],
    ];
    if (drain !== null)
      facts.push([
        'Draining until',
        `${clock(drain.until)}, then ${drain.then === 'keep' ? 'maintenance' : 'removed'}`,
      ]);
    this.#facts.replaceChildren(...facts.flatMap(([term, text]) => [make('dt', {}, term), make('dd', {}, text)]));
  }

  /** Anew: what can be done is another. @param {Destination} document */
  #layActions(document) {
    if (!this.#mayChange) {
      this.#actions.replaceChildren(make('p', { class: 'quiet' }, 'You may look, and change nothing here.'));
      return;
    }
    const hadFocus = this.#actions.contains(globalThis.document.activeElement);
    this.#actions.replaceChildren(
      this.#weightForm(document),
      document.drain === null ? this.#drainForm() : this.#drainStop(document.drain.id),
      this.#maintenance(document),
    );
    if (hadFocus) this.#actions.querySelector('button')?.focus();
  }

  /** @param {Destination} document */
  #weightForm({ weight, configuredWeight, override }) {
    const input = make('input', {
      type: 'number',
      min: 0,
      max: MOST_WEIGHT,
      step: 1,
      required: true,
      value: override ?? weight ?? configuredWeight ?? 1,
    });
    const form = make(
      'form',
      { class: 'action' },
      make('label', {}, 'Weight ', input),
      make('button', { type: 'submit' }, 'Set weight'),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#change({ weight: input.valueAsNumber });
    });
    if (override !== null) {
      const back = make('button', { type: 'button' }, `Back to ${configuredWeight ?? 'declared'}`);
      back.addEventListener('click', () => void this.#change({ weight: null }));
      form.append(back);
    }
    return form;
  }

  #drainForm() {
    const select = make(
      'select',
      {},
      ...DEADLINES.map(([seconds, words]) =>
        make('option', { value: seconds, selected: seconds === USUAL_DEADLINE }, words),
      ),
    );
    const form = make(
      'form',
      { class: 'action' },
      make('label', {}, 'Wait at most ', select),
      make('button', { type: 'submit' }, 'Drain'),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#carryOut('No new connections; those that are open go on.', `${this.#path}/drain`, {
        method: 'POST',
        body: { withinSeconds: Number(select.value) },
      });
    });
    return form;
  }

  /** @param {string} id */
  #drainStop(id) {
    const button = make('button', { type: 'button' }, 'Stop draining');
    button.addEventListener(
      'click',
      () => void this.#carryOut('It takes new connections again.', `v1/drains/${id}`, { method: 'DELETE' }),
    );
    return make('div', { class: 'action' }, button);
  }

  /** @param {Destination} document */
  #maintenance({ maintenance, drain }) {
    const button = make('button', { type: 'button' }, maintenance ? 'End maintenance' : 'Begin maintenance');
    button.disabled = drain !== null;
    button.addEventListener('click', () => void this.#change({ maintenance: !maintenance }));
    return make('div', { class: 'action' }, button);
  }

  /** Where it would end connections it is asked for a second time. @param {object} body */
  async #change(body) {
    const headers = this.#etag === null ? {} : { 'if-match': this.#etag };
    const path = this.#path;
    const question = { method: 'PATCH', body, headers };
    const plan = await this.#try(async () => (await this.#access.ask(`${path}?dryRun=true`, question)).document);
    if (plan === undefined) return;
    const effect = effectOf(/** @type {Changed} */ (plan));
    if (effect.cut === 0) return this.#carryOut(effect.words, path, question);
    const sure = make('button', { type: 'button' }, 'End them');
    sure.addEventListener('click', () => void this.#carryOut('Done.', path, question));
    this.#say(`This ends ${many(effect.cut, 'established connection')}. `, 'bad');
    this.#outcome.append(sure);
    sure.focus();
  }

  /** @param {string} done what to say of it @param {string} path @param {import('./access.js').Question} question */
  async #carryOut(done, path, question) {
    const isDone = await this.#try(async () => {
      await this.#access.ask(path, question);
      return true;
    });
    if (isDone === true) this.#say(done, 'well');
    if (this.#server === undefined) return;
    await this.#look();
    this.#onChanged();
  }

  /**
   * Nothing else can be pressed meanwhile; a refusal is said.
   * @template T
   * @param {() => Promise<T>} run
   * @returns {Promise<T | undefined>}
   */
  async #try(run) {
    this.#say('…');
    const buttons = [...this.#actions.querySelectorAll('button')].filter((button) => !button.disabled);
    for (const button of buttons) button.disabled = true;
    try {
      return await run();
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error), 'bad');
      return undefined;
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }

  /** @param {string} words @param {string} [level] */
  #say(words, level = '') {
    this.#outcome.dataset['level'] = level;
    setText(this.#outcome, words);
  }

  /** Those that live now, for who wants to see them. */
  #connections() {
    const list = make('ul', { class: 'connections' });
    const details = make('details', {}, make('summary', {}, 'Live connections'), list);
    details.addEventListener('toggle', () => {
      if (details.open) void this.#showConnections(list);
    });
    return details;
  }

  /** @param {HTMLElement} list */
  async #showConnections(list) {
    const { service, document } = /** @type {Server} */ (this.#server);
    const words = new URLSearchParams({
      service: service.document.id,
      destination: document.id,
      template: 'false',
      limit: String(MOST_CONNECTIONS.read),
    });
    try {
      const answer = await this.#access.ask(`v1/connections?${words}`);
      const { items, next } = /** @type {{ items: LiveConnection[], next: string | null }} */ (answer.document);
      const isOver = (/** @type {LiveConnection} */ { state }) => Number(state !== 'established');
      const shown = items.toSorted((one, other) => isOver(one) - isOver(other)).slice(0, MOST_CONNECTIONS.shown);
      const lines = shown.map(({ client, protocol, state, expiresSeconds }) =>
        make(
          'li',
          {},
          `${protocol} ${client.address}:${client.port} `,
          make('b', {}, state),
          ` ends in ${Math.round(expiresSeconds)} s if nothing comes`,
        ),
      );
      const more = items.length - shown.length;
      if (more > 0) lines.push(make('li', { class: 'quiet' }, `and ${next === null ? '' : 'at least '}${more} more`));
      if (lines.length === 0) lines.push(make('li', { class: 'quiet' }, 'none'));
      list.replaceChildren(...lines);
    } catch (error) {
      list.replaceChildren(make('li', {}, error instanceof Error ? error.message : String(error)));
    }
  }
}

/** What a change does to connections. @param {Changed} changed @returns {{ words: string, cut: number }} */
function effectOf({ steps }) {
  const sum = (/** @type {string} */ effect) =>
    steps.filter((step) => step.effect === effect).reduce((all, { established }) => all + (established ?? 0), 0);
  const kept = sum('drained') + sum('kept');
  const words = [steps.length === 0 ? 'Done; the table needed no change.' : 'Done.'];
  if (kept > 0) words.push(`${many(kept, 'established connection')} ${kept === 1 ? 'goes' : 'go'} on.`);
  return { words: words.join(' '), cut: sum('cut') };
}
