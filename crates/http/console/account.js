// The screen of the whole: e-mail, a copy to take along, and the ends. Both ends have to be typed.

import { ask, has } from './api.js';
import { confirmByTyping } from './dialog.js';
import { busy, el } from './dom.js';
import { email } from './email.js';
import { icon } from './icons.js';
import { card, failed, screen } from './parts.js';
import * as record from './record.js';
import { sentenceOf } from './refused.js';
import * as session from './session.js';
import { complain, say } from './status.js';

const LEAVES_MS = 10000;

export function account() {
  const place = screen('Account', 'Your address, a copy to take along, and the way out.', null, copy());
  // What comes later comes below, so that nothing that is shown moves.
  address().then((card) => place.append(...card, ends()));
  return place;
}

/** The card of the e-mail address, where the safe can confirm one; or why that is not known, and another try. */
async function address() {
  try {
    return (await has('users/me/validate-email')) ? [email()] : [];
  } catch (error) {
    const unknown = card('E-mail address', {}, failed(sentenceOf(error), again));
    async function again() {
      unknown.replaceWith(...(await address()));
    }
    return [unknown];
  }
}

function copy() {
  const button = el(
    'button',
    { class: 'button', type: 'button', on: { click: (event) => busy(event.currentTarget, download) } },
    icon('download'),
    'Download my data',
  );
  return card(
    'A copy of your data',
    { intro: 'All that can be read, and the names of your secrets, as a file that programs understand (JSON).' },
    el('div', { class: 'body tight' }, button),
    el(
      'dl',
      { class: 'body foot facts' },
      el('div', {}, el('dt', {}, 'Your number here'), el('dd', {}, el('code', {}, session.person()))),
    ),
  );
}

async function download() {
  try {
    const answer = await record.exported();
    if (answer.json === null) {
      say('Nothing is kept about you, so there is nothing to download.');
      return;
    }
    const address = URL.createObjectURL(new Blob([answer.text], { type: 'application/json' }));
    const link = el('a', { href: address, download: 'my-data.json' });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), LEAVES_MS);
    say('Your data was downloaded.');
  } catch (error) {
    complain(error);
  }
}

function ends() {
  const act = (heading, sentence, button) =>
    el(
      'li',
      { class: 'row apart' },
      el('div', { class: 'what' }, el('h3', { class: 'name' }, heading), el('p', { class: 'note' }, sentence)),
      el('div', { class: 'acts' }, button),
    );
  return card(
    'The way out',
    { intro: 'Neither can be taken back: the only key to your data is destroyed.', className: 'perilous' },
    el(
      'ul',
      {},
      act(
        'Erase my data',
        'Everything that is kept about you goes. Your account and passkeys stay.',
        el('button', { class: 'button danger', type: 'button', id: 'erase', on: { click: erase } }, 'Erase my data'),
      ),
      act(
        'Delete my account',
        'Your data, passkeys and sessions go, and you are signed out.',
        el(
          'button',
          { class: 'button danger', type: 'button', id: 'close', on: { click: close } },
          'Delete my account',
        ),
      ),
    ),
  );
}

function erase() {
  return confirmByTyping({
    heading: 'Erase all your data?',
    intro: 'Your data and your secrets are gone for good once you confirm.',
    word: 'erase',
    action: 'Erase my data',
    submit: async () => {
      await record.erase();
      say('Your data was erased.');
    },
  });
}

function close() {
  return confirmByTyping({
    heading: 'Delete your account?',
    intro: 'Your data, your passkeys and this account are gone for good once you confirm.',
    word: 'delete my account',
    action: 'Delete my account',
    submit: async () => {
      await ask('DELETE', 'users/me');
      session.end('Your account was deleted, and all your data with it.');
    },
  });
}
