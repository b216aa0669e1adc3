/** The dialogs that ask for a token, and that list the keys. */
import { byId, make } from './dom.js';

/** @param {import('./access.js').Access} access @param {() => void} onToken */
export function askForToken(access, onToken) {
  const dialog = byId('token', HTMLDialogElement);
  if (dialog.open) return;
  const input = make('input', {
    type: 'password',
    autocomplete: 'off',
    spellcheck: 'false',
    required: true,
    'aria-describedby': 'token-why',
  });
  const form = make(
    'form',
    { method: 'dialog' },
    make('label', {}, 'Token ', input),
    make('button', { type: 'submit' }, 'Use it'),
  );
  const forget = make('button', { type: 'button' }, 'Forget it');
  forget.hidden = !access.hasToken;
  form.append(forget);
  const use = (/** @type {string} */ token) => {
    access.useToken(token);
    dialog.close();
    onToken();
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    use(input.value.trim());
  });
  forget.addEventListener('click', () => use(''));
  dialog.replaceChildren(
    make('h2', { id: 'token-title' }, access.hasToken ? 'Another token' : 'Who are you?'),
    make(
      'p',
      { id: 'token-why', class: 'quiet' },
      'lvsd wants a token. This tab keeps it until it is closed, and nobody else.',
    ),
    form,
  );
  dialog.showModal();
}

const KEYS = /** @type {const} */ ([
  ['/', 'to the filter'],
  ['↑ ↓', 'from row to row; Page up, Page down, Home, End farther'],
  ['→ ←', 'opens and closes a service'],
  ['Enter', 'what can be done with a server'],
  ['w', 'only what is wrong, and all again'],
  ['Esc', 'empties the filter, closes a dialog'],
  ['?', 'these keys'],
]);

export function showKeys() {
  const dialog = byId('keys', HTMLDialogElement);
  if (dialog.open) return;
  const close = make('button', { type: 'button', class: 'close', 'aria-label': 'Close' }, '×');
  close.addEventListener('click', () => dialog.close());
  dialog.replaceChildren(
    close,
    make('h2', { id: 'keys-title' }, 'Keys'),
    make(
      'dl',
      { class: 'facts' },
      ...KEYS.flatMap(([key, does]) => [make('dt', {}, make('kbd', {}, key)), make('dd', {}, does)]),
    ),
  );
  dialog.showModal();
}
