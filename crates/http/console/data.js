// The screen of what can be read: permissions as switches, and every other entry by its kind.

import { el, redraw as drawAnew } from './dom.js';
import { openEntry } from './entry.js';
import { icon } from './icons.js';
import { bones, card, empty, failed, screen, toggle } from './parts.js';
import * as record from './record.js';
import { sentenceOf } from './refused.js';
import { complain, say } from './status.js';
import { isOptIn, kindOf, title } from './values.js';

export function data() {
  const place = el('div', { class: 'screen' });
  const add = el(
    'button',
    { class: 'button first', type: 'button', id: 'add-entry', on: { click: () => openEntry(null, redraw) } },
    icon('plus'),
    'Add an entry',
  );
  const whole = screen(
    'Data',
    'What is kept about you, and can be read by you and by what you have signed in to.',
    add,
    place,
  );
  // What a sign-in has brought along can be seen before it can be changed.
  const redraw = () => {
    add.disabled = !record.isLoaded();
    drawAnew(place, ...cards(redraw));
  };
  record.whenTold(redraw);
  const load = async () => {
    whole.classList.add('loading');
    add.disabled = !record.isLoaded();
    if (record.readable().size > 0) redraw();
    else place.replaceChildren(card('Details', {}, bones()));
    try {
      await record.load();
      redraw();
    } catch (error) {
      place.replaceChildren(card('Details', {}, failed(sentenceOf(error), load)));
    }
    whole.classList.remove('loading');
  };
  load();
  return whole;
}

function cards(redraw) {
  const all = [...record.readable()];
  const optIns = all.filter(([key, value]) => isOptIn(key, value));
  const others = all.filter(([key, value]) => !isOptIn(key, value));
  if (all.length === 0) {
    return [
      card(
        'Details',
        {},
        empty(
          'data',
          'Nothing is kept about you here yet. What you add is sealed under your own key before it is stored.',
        ),
      ),
    ];
  }
  return [
    optIns.length > 0 &&
      card(
        'Permissions',
        { intro: 'What you have agreed to. A change counts at once.' },
        el(
          'ul',
          {},
          optIns.map(([key, value]) => row(key, value, redraw)),
        ),
      ),
    others.length > 0 &&
      card(
        'Details',
        {},
        el(
          'ul',
          {},
          others.map(([key, value]) => row(key, value, redraw)),
        ),
      ),
  ].filter(Boolean);
}

function row(key, value, redraw) {
  const kind = kindOf(value);
  const isTitled = isOptIn(key, value);
  const acts = [
    kind === 'switch'
      ? toggle({
          id: `switch:${key}`,
          label: isTitled ? title(key) : key,
          isOn: value,
          disabled: !record.isLoaded(),
          change: (isOn) => put(key, isOn, redraw),
        })
      : el(
          'button',
          {
            class: 'button quiet',
            type: 'button',
            id: `edit:${key}`,
            'aria-label': `Edit ${key}`,
            disabled: !record.isLoaded(),
            on: { click: () => openEntry([key, value], redraw) },
          },
          icon('edit'),
          el('span', {}, 'Edit'),
        ),
    el(
      'button',
      {
        class: 'button quiet danger',
        type: 'button',
        id: `delete:${key}`,
        'aria-label': `Delete ${key}`,
        disabled: !record.isLoaded(),
        on: { click: () => remove(key, value, redraw) },
      },
      icon('remove'),
      el('span', {}, 'Delete'),
    ),
  ];
  const what = isTitled
    ? [el('p', { class: 'name' }, title(key)), el('p', { class: 'key' }, key)]
    : [el('p', { class: kind === 'switch' ? 'key alone' : 'key' }, key), kind !== 'switch' && shown(kind, value)];
  return el('li', { class: 'row' }, el('div', { class: 'what' }, what), el('div', { class: 'acts' }, acts));
}

function shown(kind, value) {
  if (value === '') return el('p', { class: 'note' }, 'Empty text');
  return el('p', { class: `value ${kind}` }, String(value));
}

async function put(key, isOn, redraw) {
  try {
    await record.write(key, String(isOn));
    return true;
  } catch (error) {
    complain(error);
    if (error instanceof record.ChangedElsewhere) redraw();
    return false;
  }
}

/** Deletes at once, and offers to take that back. */
async function remove(key, value, redraw) {
  const change = async (literal, sentence, undo) => {
    try {
      await record.write(key, literal);
      redraw();
      say(sentence, undo);
    } catch (error) {
      if (error instanceof record.ChangedElsewhere) redraw();
      complain(error);
    }
    if (undo === null) document.getElementById('add-entry')?.focus();
  };
  const undo = () => {
    if (record.readable().has(key)) complain(new record.ChangedElsewhere());
    else change(JSON.stringify(value), `${key} is back.`, null);
  };
  await change('null', `${key} was deleted.`, undo);
}
