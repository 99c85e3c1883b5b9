// Shows the safe that an e-mail address is the person's own: a code is sent there, and typed here.

import { ask } from './api.js';
import { busy, el } from './dom.js';
import { card, fault, field } from './parts.js';
import { Refused, sentenceOf } from './refused.js';
import { say } from './status.js';

/** The card. */
export function email() {
  const place = el('div');
  const step = (draw, ...rest) => {
    place.replaceChildren(draw(step, ...rest));
    if (place.isConnected) place.querySelector('input').focus();
  };
  step(askAddress);
  return card(
    'E-mail address',
    { intro: 'Confirmed by a code that is sent to it. It is kept among your data as marketing.email.' },
    place,
  );
}

function askAddress(step) {
  const address = field('Your address', { type: 'email', autocomplete: 'email', maxlength: '254' });
  return stepForm(address, 'Send a code', async () => {
    const typed = address.input.value.trim();
    if (!/^[^\s@]+@[^\s@]+$/.test(typed)) throw new Refused('Type an address such as jane@example.org.');
    await ask('POST', 'users/me/validate-email', { body: JSON.stringify({ email: typed }) });
    step(askCode, typed);
  });
}

function askCode(step, address) {
  const code = field(
    'Code',
    { inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: '6' },
    `If it can be mailed, it is on its way to ${address}. It is good for a quarter of an hour.`,
  );
  const other = el(
    'button',
    { class: 'button quiet', type: 'button', on: { click: () => step(askAddress) } },
    'Use another address',
  );
  return stepForm(
    code,
    'Confirm',
    async () => {
      const typed = code.input.value.trim();
      if (!/^\d{6}$/.test(typed)) throw new Refused('The code has six digits.');
      await ask('POST', 'users/me/confirm-email', { body: JSON.stringify({ email: address, code: typed }) });
      step(askAddress);
      say(`${address} is confirmed.`);
    },
    other,
  );
}

function stepForm(input, action, work, other = null) {
  const complaint = fault();
  const button = el('button', { class: 'button', type: 'submit' }, action);
  const submit = (event) => {
    event.preventDefault();
    busy(button, async () => {
      complaint.clear();
      try {
        await work();
      } catch (error) {
        complaint.tell(sentenceOf(error));
      }
    });
  };
  return el(
    'form',
    { class: 'body', novalidate: true, on: { submit } },
    el('div', { class: 'pair' }, input, button),
    other && el('div', {}, other),
    complaint,
  );
}
