// The screen of what goes in and never comes out: names, and no values, since the safe gives out none.

import { confirm, openForm } from './dialog.js';
import { el, freshId, redraw } from './dom.js';
import { icon } from './icons.js';
import { bones, card, empty, failed, notice, screen } from './parts.js';
import * as record from './record.js';
import { Refused, sentenceOf } from './refused.js';
import { complain, say } from './status.js';
import { checkSecretName, literal } from './values.js';

const PREFIX = 'private.';

export function secrets() {
  const place = el('div', { class: 'screen' });
  let names = [];
  const load = async () => {
    whole.classList.add('loading');
    if (!place.hasChildNodes()) place.replaceChildren(card('Secrets', {}, bones()));
    try {
      const answer = await record.exported();
      names = answer.json?.writeOnly ?? [];
      add.disabled = false;
      redraw(place, card('Secrets', {}, list(names, load)));
    } catch (error) {
      place.replaceChildren(card('Secrets', {}, failed(sentenceOf(error), load)));
    }
    whole.classList.remove('loading');
  };
  const add = el(
    'button',
    {
      class: 'button first',
      type: 'button',
      id: 'add-secret',
      // Which names are taken is not known yet.
      disabled: true,
      on: { click: () => openSecret(null, names, load) },
    },
    icon('plus'),
    'Add a secret',
  );
  const whole = screen(
    'Secrets',
    'Keys and codes that you store for others to use. They can be replaced and deleted, and never read.',
    add,
    notice(el('p', {}, 'Nobody is shown a secret again, not even you: keep your own copy where you need one.')),
    place,
  );
  record.whenTold(load);
  load();
  return whole;
}

function list(names, load) {
  if (names.length === 0)
    return empty('secrets', 'You have stored no secrets. One that you add is sealed apart from your other data.');
  const row = (name) =>
    el(
      'li',
      { class: 'row' },
      el(
        'div',
        { class: 'what' },
        el('p', { class: 'name' }, name.slice(PREFIX.length)),
        el('p', { class: 'key' }, name),
      ),
      el(
        'div',
        { class: 'acts' },
        el(
          'button',
          {
            class: 'button quiet',
            type: 'button',
            id: `replace:${name}`,
            'aria-label': `Replace ${name}`,
            on: { click: () => openSecret(name, names, load) },
          },
          icon('replace'),
          el('span', {}, 'Replace'),
        ),
        el(
          'button',
          {
            class: 'button quiet danger',
            type: 'button',
            id: `delete:${name}`,
            'aria-label': `Delete ${name}`,
            on: { click: () => remove(name, load) },
          },
          icon('remove'),
          el('span', {}, 'Delete'),
        ),
      ),
    );
  return el('ul', {}, names.map(row));
}

async function openSecret(held, names, load) {
  const isNew = held === null;
  const seen = record.state();
  const nameId = freshId('secret');
  const name = el('input', {
    class: 'input',
    id: nameId,
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
    maxlength: '120',
    readonly: !isNew,
    'data-first': isNew,
    value: isNew ? '' : held.slice(PREFIX.length),
  });
  const valueId = freshId('secret');
  const value = el('input', {
    class: 'input',
    id: valueId,
    type: 'password',
    // Browsers ignore `off` here, and would fill in a password of the person's.
    autocomplete: 'new-password',
    'data-first': !isNew,
    'aria-describedby': `${valueId}-hint`,
  });
  const shows = el('input', {
    type: 'checkbox',
    role: 'switch',
    on: { change: () => (value.type = shows.checked ? 'text' : 'password') },
  });
  await openForm({
    heading: isNew ? 'Add a secret' : 'Replace a secret',
    intro: isNew ? null : 'The old value is gone once the new one is saved.',
    fields: [
      el(
        'div',
        { class: 'field' },
        el('label', { for: nameId }, 'Name'),
        el('div', { class: 'prefixed' }, el('span', { class: 'prefix' }, PREFIX), name),
      ),
      el(
        'div',
        { class: 'field' },
        el('label', { for: valueId }, isNew ? 'Value' : 'New value'),
        value,
        el('p', { class: 'hint', id: `${valueId}-hint` }, 'It cannot be shown again once it is saved.'),
        el('label', { class: 'switch' }, shows, el('span', {}, 'Show what I type')),
      ),
    ],
    action: isNew ? 'Store' : 'Replace',
    submit: async () => {
      const full = isNew ? checkSecretName(name.value.trim()) : held;
      if (isNew && names.includes(full))
        throw new Refused('There is a secret of this name already. Replace that one instead.');
      if (value.value === '') throw new Refused("Type the secret's value.");
      const done = isNew ? `${full} was stored.` : `${full} was replaced.`;
      await put(full, literal('text', value.value), seen, load, done);
      value.value = '';
    },
  });
}

function remove(name, load) {
  const seen = record.state();
  return confirm({
    heading: `Delete ${name}?`,
    intro: 'What uses this secret will do without it. Nobody can bring it back but whoever still knows it.',
    action: 'Delete',
    submit: () => put(name, 'null', seen, load, `${name} was deleted.`),
  });
}

async function put(name, text, seen, load, sentence) {
  try {
    await record.write(name, text, seen);
  } catch (error) {
    if (!(error instanceof record.ChangedElsewhere)) throw error;
    await load();
    complain(error);
    return;
  }
  await load();
  say(sentence);
}
