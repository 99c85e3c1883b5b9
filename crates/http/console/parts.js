// Pieces that several screens are made of: fields, switches, cards, faults, what is shown while something loads.

import { el, freshId } from './dom.js';
import { icon } from './icons.js';

/** A place for a sentence about what is wrong, read aloud as it appears. */
export function fault() {
  const place = el('div', { role: 'alert' });
  place.tell = (sentence) =>
    place.replaceChildren(el('p', { class: 'fault' }, icon('fault'), el('span', {}, sentence)));
  place.clear = () => place.replaceChildren();
  return place;
}

/** A labelled input. `attributes` are the input's; `.input` is the input itself. */
export function field(label, attributes = {}, hint = null) {
  const { is = 'input', id = freshId('field'), ...rest } = attributes;
  const hintId = hint === null ? null : `${id}-hint`;
  const input = el(is, { class: 'input', id, 'aria-describedby': hintId, ...rest });
  const whole = el(
    'div',
    { class: 'field' },
    el('label', { for: id }, label),
    input,
    hint && el('p', { class: 'hint', id: hintId }, hint),
  );
  whole.input = input;
  return whole;
}

/** A switch that says its state in a word. `change` gets the new state and says whether it is kept; else it goes back. */
export function toggle({ id, label, isOn, disabled = false, change }) {
  const state = el('span', { class: 'state', 'aria-hidden': 'true' }, isOn ? 'On' : 'Off');
  const input = el('input', { type: 'checkbox', role: 'switch', id, checked: isOn, disabled, 'aria-label': label });
  const show = () => state.replaceChildren(input.checked ? 'On' : 'Off');
  input.addEventListener('change', async () => {
    show();
    input.disabled = true;
    const isKept = await change(input.checked);
    input.disabled = false;
    if (!isKept) input.checked = !input.checked;
    show();
    // It may have been drawn anew meanwhile.
    if (document.activeElement === document.body) document.getElementById(id)?.focus();
  });
  const whole = el('label', { class: 'switch' }, state, input);
  whole.input = input;
  return whole;
}

/** A card with a heading. */
export function card(heading, { intro = null, action = null, className = '' } = {}, ...children) {
  const id = freshId('card');
  return el(
    'section',
    { class: `card ${className}`.trim(), 'aria-labelledby': id },
    el('header', {}, el('div', {}, el('h2', { id }, heading), intro && el('p', {}, intro)), action),
    ...children,
  );
}

/** The top of a screen. */
export function screen(heading, intro, action, ...children) {
  return el(
    'div',
    { class: 'screen' },
    el('header', {}, el('div', {}, el('h1', { tabindex: '-1' }, heading), el('p', { class: 'soft' }, intro)), action),
    ...children,
  );
}

/** What stands where there is nothing yet. */
export function empty(picture, sentence, action = null) {
  return el('div', { class: 'empty' }, icon(picture), el('p', {}, sentence), action);
}

/** Something worth knowing. */
export function notice(...children) {
  return el('div', { class: 'notice' }, icon('info'), el('div', {}, ...children));
}

/** Rows as they will be, while they are on their way. */
export function bones(rows = 3) {
  const row = () =>
    el(
      'li',
      { class: 'row' },
      el('div', { class: 'what' }, el('span', { class: 'bone short' }), el('span', { class: 'bone long' })),
    );
  return el(
    'div',
    { 'aria-busy': 'true' },
    el('p', { class: 'unseen' }, 'Loading'),
    el('ul', { 'aria-hidden': 'true' }, Array.from({ length: rows }, row)),
  );
}

/** Where something could not be loaded: why, and another try. */
export function failed(sentence, again) {
  return el(
    'div',
    { class: 'empty', role: 'alert' },
    icon('fault'),
    el('p', {}, sentence),
    el('button', { class: 'button', type: 'button', on: { click: again } }, 'Try again'),
  );
}

/** A moment, as the browser writes it for its own place: in that language, and so marked. */
export function moment(text) {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  return el('time', { datetime: text, lang: format.resolvedOptions().locale }, format.format(new Date(text)));
}
