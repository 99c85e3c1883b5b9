// The door: sign in, or make an account. With a passkey; without one only where a safe for development allows it, which the
// safe decides and this page cannot know before it asks.

import { ask } from './api.js';
import { dial } from './dial.js';
import { busy, el } from './dom.js';
import { mark } from './icons.js';
import { deviceName } from './device.js';
import { fault, field, notice } from './parts.js';
import * as passkey from './passkey.js';
import * as record from './record.js';
import { sentenceOf } from './refused.js';
import * as session from './session.js';

/** Draws it. `enter` is called when somebody is signed in. */
export function door(enter) {
  const obstacle = passkey.obstacle();
  return el(
    'div',
    { class: 'door' },
    el(
      'header',
      { class: 'plate' },
      el('div', { class: 'brand' }, mark(), 'Strongroom'),
      dial(),
      el(
        'p',
        { class: 'promise' },
        'Sealed under a key of your own. What you mark as secret goes in and never comes out.',
      ),
    ),
    el(
      'main',
      { class: 'entry' },
      el(
        'div',
        { class: 'inner' },
        el(
          'div',
          { class: 'head' },
          el('h1', { tabindex: '-1' }, 'Your private data, behind your own lock'),
          el('p', { class: 'soft' }, 'Look at what is kept about you, change it, take it with you, or erase it.'),
        ),
        obstacle && hindrance(obstacle),
        signIn(enter, obstacle !== null),
        signUp(enter, obstacle !== null),
        isThisMachine() && without(enter),
      ),
    ),
  );
}

function hindrance({ sentence, name }) {
  return notice(el('p', {}, sentence), name && el('p', {}, 'Open ', el('a', { href: name }, name), ' instead.'));
}

function signIn(enter, isDisabled) {
  const { complaint, press } = attempt(enter, async () => {
    const offer = await ask('GET', 'auth/sign-in', { token: null });
    const credential = await passkey.use(offer.json.credentialRequestOptions);
    const answer = await ask('POST', 'auth/sign-in', {
      token: null,
      body: JSON.stringify({ credential, includeUserdata: true }),
    });
    return answer.json;
  });
  return el(
    'section',
    { 'aria-label': 'Sign in' },
    el(
      'button',
      { class: 'button first wide', type: 'button', disabled: isDisabled, on: { click: press } },
      'Sign in with a passkey',
    ),
    complaint,
  );
}

function signUp(enter, isDisabled) {
  const name = field(
    'Name of your passkey',
    { value: deviceName(), maxlength: '64', autocomplete: 'off' },
    'So that you tell it from others later.',
  );
  const { complaint, press } = attempt(enter, () => register(name.input.value));
  const button = el('button', { class: 'button wide', type: 'submit', disabled: isDisabled }, 'Create an account');
  const submit = (event) => {
    event.preventDefault();
    press({ currentTarget: button });
  };
  return el(
    'section',
    { 'aria-label': 'Create an account' },
    el('form', { novalidate: true, on: { submit } }, el('h2', {}, 'New here?'), name, button, complaint),
  );
}

function without(enter) {
  const { complaint, press } = attempt(
    enter,
    async () => (await ask('GET', 'auth/sign-up?passkeys=FALSE', { token: null })).json,
  );
  return el(
    'section',
    { 'aria-label': 'Try it' },
    el('button', { class: 'button quiet wide', type: 'button', on: { click: press } }, 'Try it without a passkey'),
    el('p', { class: 'soft small' }, 'For development on this machine. Nobody can sign in to such an account again.'),
    complaint,
  );
}

/** Makes a passkey: of a new account, or of the one that is signed in. */
export async function register(typed, { isMine = false } = {}) {
  const name = typed.trim() || deviceName();
  const query = new URLSearchParams({ userName: name, userDisplayName: name, keyName: name, keyDisplayName: name });
  const offer = await ask('GET', `auth/sign-up?${query}`, { token: null });
  const credential = await passkey.make(offer.json.credentialRequestOptions);
  const owner = isMine ? { externalUserId: session.person() } : {};
  const body = JSON.stringify({ credential, keyName: name, keyDisplayName: name, ...owner });
  return (await ask('POST', 'auth/sign-up', isMine ? { body } : { token: null, body })).json;
}

function attempt(enter, work) {
  const complaint = fault();
  const press = (event) =>
    busy(event.currentTarget, async () => {
      complaint.clear();
      try {
        const answer = await work();
        session.begin(answer);
        record.expect(answer.userdata);
        enter();
      } catch (error) {
        complaint.tell(sentenceOf(error));
      }
    });
  return { complaint, press };
}

/** Accounts without a passkey are never allowed where strangers can reach the safe. */
function isThisMachine() {
  const { hostname } = window.location;
  return hostname === 'localhost' || passkey.isLoopback(hostname);
}
