// The screen of who can come in: passkeys, and the sessions that are open. What is refused here, such as removing the last
// passkey, the safe refuses as well; this page only says so beforehand.

import { ask } from './api.js';
import { confirm, openForm } from './dialog.js';
import { el } from './dom.js';
import { deviceName } from './device.js';
import { icon } from './icons.js';
import { bones, card, empty, failed, field, moment, screen } from './parts.js';
import { sentenceOf } from './refused.js';
import * as session from './session.js';
import { complain, say } from './status.js';
import { register } from './welcome.js';

export function access() {
  const passkeys = el('div');
  const sessions = el('div');
  const load = async (place, path, draw) => {
    if (!place.hasChildNodes()) place.replaceChildren(bones(2));
    try {
      const { json } = await ask('GET', path);
      place.replaceChildren(draw(json));
    } catch (error) {
      if (session.isSignedIn()) place.replaceChildren(failed(sentenceOf(error), () => load(place, path, draw)));
    }
  };
  const loadPasskeys = () =>
    load(passkeys, 'auth/passkeys', (json) =>
      listPasskeys(json.passkeys, () => Promise.all([loadPasskeys(), loadSessions()])),
    );
  const loadSessions = () => load(sessions, 'auth/sessions', (json) => listSessions(json.sessions, loadSessions));
  loadPasskeys();
  loadSessions();
  const add = el(
    'button',
    { class: 'button first', type: 'button', id: 'add-passkey', on: { click: () => addPasskey(loadPasskeys) } },
    icon('plus'),
    'Add a passkey',
  );
  return screen(
    'Access',
    'What opens your strongroom, and where it stands open now.',
    add,
    card('Passkeys', { intro: 'Keep two, on two devices: one that is lost locks nobody out.' }, passkeys),
    card('Sessions', { intro: 'Each sign-in is one. End those that you do not know.' }, sessions),
  );
}

function listPasskeys(all, load) {
  if (all.length === 0)
    return empty('access', 'This account has no passkey: once you leave, nobody can sign in to it again. Add one now.');
  return el(
    'ul',
    {},
    all.map((passkey) => passkeyRow(passkey, all.length === 1, load)),
  );
}

function passkeyRow({ id, keyName, keyDisplayName, createdAt, current }, isLast, load) {
  const name = keyDisplayName || keyName || 'Passkey';
  const reason = `last:${id}`;
  return el(
    'li',
    { class: 'row' },
    el(
      'div',
      { class: 'what' },
      el('p', { class: 'name' }, name, current ? [' ', el('span', { class: 'badge' }, 'Used now')] : []),
      el('p', { class: 'note' }, 'Added ', moment(createdAt)),
      isLast && el('p', { class: 'note', id: reason }, 'The last one cannot be removed.'),
    ),
    el(
      'div',
      { class: 'acts' },
      el(
        'button',
        {
          class: 'button quiet danger',
          type: 'button',
          'aria-label': `Remove ${name}`,
          'aria-describedby': isLast ? reason : null,
          disabled: isLast,
          on: { click: () => removePasskey({ id, name, current }, load) },
        },
        'Remove',
      ),
    ),
  );
}

async function addPasskey(load) {
  const name = field(
    'Name of the passkey',
    { value: deviceName(), maxlength: '64', autocomplete: 'off', 'data-first': true },
    'Your browser asks where to keep it.',
  );
  await openForm({
    heading: 'Add a passkey',
    fields: [name],
    action: 'Add',
    submit: async () => {
      const answer = await register(name.input.value, { isMine: true });
      // It begins a session, too, which nobody here needs; one that cannot be ended now lapses by itself, and is listed.
      await ask('POST', 'auth/sign-out', { token: answer.access_token }).catch(() => {});
      await load();
      say('The passkey was added.');
    },
  });
}

function removePasskey({ id, name, current }, load) {
  return confirm({
    heading: `Remove ${name}?`,
    intro: current
      ? 'You are signed in with it: you will be signed out, and need another one to come back.'
      : 'Nobody can sign in with it any more, and the sessions that it has opened end.',
    action: 'Remove',
    submit: async () => {
      await ask('DELETE', `auth/passkeys/${encodeURIComponent(id)}`);
      if (current) {
        session.end(`${name} was removed, and what it had opened is closed.`);
        return;
      }
      await load();
      say(`${name} was removed.`);
    },
  });
}

function listSessions(all, load) {
  const others = all.filter(({ current }) => !current);
  const rows = el(
    'ul',
    {},
    all.map((one) => sessionRow(one, load)),
  );
  if (others.length < 2) return rows;
  const endAll = el(
    'button',
    { class: 'button danger', type: 'button', on: { click: () => endOthers(others, load) } },
    'End all others',
  );
  return el('div', {}, rows, el('div', { class: 'body tight foot' }, endAll));
}

function sessionRow({ id, createdAt, lastUsedAt, expiresAt, current }, load) {
  return el(
    'li',
    { class: 'row' },
    el(
      'div',
      { class: 'what' },
      el(
        'p',
        { class: 'name' },
        'Since ',
        moment(createdAt),
        current ? [' ', el('span', { class: 'badge' }, 'This one')] : [],
      ),
      el(
        'p',
        { class: 'note' },
        lastUsedAt ? ['Renewed ', moment(lastUsedAt), ' · '] : [],
        'Ends by itself ',
        moment(expiresAt),
      ),
    ),
    !current &&
      el(
        'div',
        { class: 'acts' },
        el(
          'button',
          {
            class: 'button quiet danger',
            type: 'button',
            'aria-label': `End the session of ${moment(createdAt).textContent}`,
            on: { click: () => endSession(id, load) },
          },
          'End',
        ),
      ),
  );
}

/** Ends one. That it has ended by itself meanwhile is as good. */
async function end(id) {
  try {
    await ask('DELETE', `auth/sessions/${encodeURIComponent(id)}`);
  } catch (error) {
    if (error.status !== 404) throw error;
  }
}

async function endSession(id, load) {
  try {
    await end(id);
    await load();
    say('The session was ended.');
  } catch (error) {
    complain(error);
  }
  document.querySelector('h1')?.focus();
}

function endOthers(others, load) {
  return confirm({
    heading: 'End all other sessions?',
    intro: 'Wherever else you are signed in, you will have to sign in again.',
    action: 'End them',
    submit: async () => {
      for (const { id } of others) await end(id);
      await load();
      say('All other sessions were ended.');
    },
  });
}
