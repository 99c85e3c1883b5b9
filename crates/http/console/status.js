// What is said at the foot of the page: that something was done, or was refused. It is read aloud as it appears. What offers to
// undo stays until it is answered or replaced, since nobody should have to hurry.

import { el } from './dom.js';
import { icon } from './icons.js';
import { sentenceOf } from './refused.js';

const STAYS_MS = 6000;
let timer = null;

/** Says that something was done; `undo` takes it back. */
export function say(sentence, undo = null) {
  const buttons =
    undo === null
      ? []
      : [
          el(
            'button',
            {
              class: 'button',
              type: 'button',
              on: {
                click: () => {
                  hush();
                  undo();
                },
              },
            },
            'Undo',
          ),
          dismissal(),
        ];
  show('status', 'check', sentence, buttons);
  if (undo === null) timer = setTimeout(hush, STAYS_MS);
  else buttons[0].focus();
}

/** Says that something was refused. It stays until it is put away. */
export function complain(error) {
  show('alert', 'fault', sentenceOf(error), [dismissal()]);
}

/** Puts away whatever is said. */
export function hush() {
  clearTimeout(timer);
  for (const id of ['status', 'alert']) document.getElementById(id).replaceChildren();
}

function show(id, picture, sentence, buttons) {
  hush();
  document.getElementById(id).append(el('div', { class: 'toast' }, icon(picture), el('p', {}, sentence), ...buttons));
}

function leave() {
  hush();
  document.querySelector('h1')?.focus();
}

function dismissal() {
  return el(
    'button',
    { class: 'button bare-icon', type: 'button', 'aria-label': 'Dismiss', on: { click: leave } },
    icon('close'),
  );
}
