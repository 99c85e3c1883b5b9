// Questions that are put in front of the page: a form, a confirmation, a confirmation that has to be typed. Focus goes back to
// where it came from, or to the heading if that is gone.

import { busy, el, freshId } from './dom.js';
import { fault } from './parts.js';
import { Refused, sentenceOf } from './refused.js';
import { hush } from './status.js';

/**
 * Opens a form. `submit` does what it is for and may throw, which is shown in the form and leaves it open. Gives whether it
 * was done.
 */
export function openForm({ heading, intro = null, fields, action, isDanger = false, submit }) {
  const id = freshId('dialog');
  const complaint = fault();
  const done = el('button', { class: `button first${isDanger ? ' danger' : ''}`, type: 'submit' }, action);
  const cancel = el('button', { class: 'button', type: 'button', on: { click: () => dialog.close() } }, 'Cancel');
  const form = el(
    'form',
    { class: 'dialog', novalidate: true },
    el('h2', { id }, heading),
    intro && el('p', { class: 'soft' }, intro),
    ...fields,
    complaint,
    el('div', { class: 'actions' }, cancel, done),
  );
  const dialog = el('dialog', { 'aria-labelledby': id }, form);
  const opener = document.activeElement;
  hush();
  let isDone = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    busy(done, async () => {
      complaint.clear();
      try {
        await submit();
        isDone = true;
        dialog.close();
      } catch (error) {
        complaint.tell(sentenceOf(error));
      }
    });
  });
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(isDone);
      // What the answer changes on the page is drawn first.
      setTimeout(() => backTo(opener));
    });
    document.body.append(dialog);
    dialog.showModal();
    (dialog.querySelector('[data-first]') ?? cancel).focus();
  });
}

/** Asks before something that cannot be undone. */
export function confirm({ heading, intro, action, submit }) {
  return openForm({ heading, intro, fields: [], action, isDanger: true, submit });
}

/** Asks before something grave: a word has to be typed. */
export function confirmByTyping({ heading, intro, word, action, submit }) {
  const id = freshId('typed');
  const input = el('input', {
    class: 'input',
    id,
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
    'data-first': true,
  });
  const field = el('div', { class: 'field' }, el('label', { for: id }, 'To go on, type ', el('code', {}, word)), input);
  const checked = async () => {
    if (input.value.trim().toLowerCase() !== word) {
      input.setAttribute('aria-invalid', 'true');
      input.focus();
      throw new Refused(`That is not the word. Type ${word} to go on, or cancel.`);
    }
    await submit();
  };
  return openForm({ heading, intro, fields: [field], action, isDanger: true, submit: checked });
}

function backTo(opener) {
  if (document.activeElement !== null && document.activeElement !== document.body) return;
  const again = opener?.isConnected ? opener : opener?.id ? document.getElementById(opener.id) : null;
  (again ?? document.querySelector('h1'))?.focus();
}
