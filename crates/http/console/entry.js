// One entry in a form: its name, its kind and its value, new or changed.

import { openForm } from './dialog.js';
import { el } from './dom.js';
import { field } from './parts.js';
import * as record from './record.js';
import { Refused } from './refused.js';
import { complain, say } from './status.js';
import { checkName, kindOf, literal } from './values.js';

const KINDS = [
  ['text', 'Text'],
  ['number', 'Number'],
  ['switch', 'Switch'],
];

/** Opens the form; `held` is the entry as `[name, value]`, or null for a new one. `redraw` shows what came of it. */
export async function openEntry(held, redraw) {
  const [key, value] = held ?? ['', ''];
  const isNew = held === null;
  // What is told while the form is open has not been seen by whoever fills it in.
  const seen = record.state();
  let kind = isNew ? 'text' : kindOf(value);
  const name = field(
    'Name',
    {
      value: key,
      readonly: !isNew,
      'data-first': isNew,
      autocomplete: 'off',
      autocapitalize: 'none',
      spellcheck: 'false',
      maxlength: '128',
    },
    isNew ? 'Such as language or optin.newsletter. It cannot be changed later.' : null,
  );
  const text = field('Value', {
    is: 'textarea',
    id: 'entry-text',
    value: kind === 'text' ? value : '',
    'data-first': !isNew && kind === 'text',
    rows: '3',
  });
  const number = field(
    'Value',
    {
      id: 'entry-number',
      value: kind === 'number' ? String(value) : '',
      'data-first': kind === 'number',
      inputmode: 'decimal',
      autocomplete: 'off',
    },
    'Kept to the last digit, or refused.',
  );
  const isOn = el('input', { type: 'checkbox', role: 'switch', checked: value === true });
  const state = el('span', { class: 'state', 'aria-hidden': 'true' });
  const showState = () => state.replaceChildren(isOn.checked ? 'On' : 'Off');
  isOn.addEventListener('change', showState);
  showState();
  const switched = el(
    'div',
    { class: 'field' },
    el('span', { class: 'label' }, 'Value'),
    el('label', { class: 'switch' }, el('span', { class: 'unseen' }, 'Value'), state, isOn),
  );
  const values = { text, number, switch: switched };
  const choose = (chosen) => {
    kind = chosen;
    for (const [of, part] of Object.entries(values)) part.hidden = of !== kind;
  };
  choose(kind);
  const choice = el(
    'fieldset',
    { class: 'field' },
    el('legend', { class: 'unseen' }, 'Kind'),
    el('span', { class: 'label', 'aria-hidden': 'true' }, 'Kind'),
    el(
      'div',
      { class: 'choice' },
      KINDS.map(([of, label]) =>
        el(
          'label',
          {},
          el('input', {
            type: 'radio',
            name: 'kind',
            value: of,
            checked: of === kind,
            on: { change: () => choose(of) },
          }),
          label,
        ),
      ),
    ),
  );
  const typed = { text: () => text.input.value, number: () => number.input.value, switch: () => isOn.checked };

  await openForm({
    heading: isNew ? 'Add an entry' : 'Change an entry',
    fields: [name, choice, text, number, switched],
    action: isNew ? 'Add' : 'Save',
    submit: async () => {
      const named = isNew ? checkName(name.input.value.trim()) : key;
      if (isNew && record.readable().has(named))
        throw new Refused('There is an entry of this name already. Change that one instead.');
      try {
        await record.write(named, literal(kind, typed[kind]()), seen);
      } catch (error) {
        // What is shown behind the form is out of date: the form goes, and what there is now is shown.
        if (!(error instanceof record.ChangedElsewhere)) throw error;
        redraw();
        complain(error);
        return;
      }
      redraw();
      say(isNew ? `${named} was added.` : `${named} was saved.`);
    },
  });
}
