// The three kinds of values, what is typed for them, and what the safe would refuse. Says it before the safe has to, in more
// words; the safe has the last one.

import { Refused } from './refused.js';

/** "text", "number" or "switch". */
export function kindOf(value) {
  return { string: 'text', number: 'number', boolean: 'switch' }[typeof value];
}

/** What was typed, as JSON text. A number goes as it was typed, so that the safe judges the very digits. */
export function literal(kind, typed) {
  if (kind === 'switch') return typed ? 'true' : 'false';
  if (kind === 'text') return JSON.stringify(typed);
  const text = typed.trim();
  if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) {
    throw new Refused('That is no number: write digits, with a point before decimals, such as 12.5.');
  }
  if (!isExact(text)) throw new Refused('This number cannot be kept exactly. Keep it as text instead.');
  return text;
}

/** Whether the nearest binary64 is written, at its shortest, as this very number. */
export function isExact(text) {
  const nearest = Number(text);
  return Number.isFinite(nearest) && decimal(text) === decimal(String(nearest));
}

/** A number's sign, digits and exponent, in one form for all ways to write it. */
function decimal(text) {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text);
  const digits = (whole + fraction).replace(/^0+/, '');
  const short = digits.replace(/0+$/, '');
  if (short === '') return '0';
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - short.length);
  return `${sign}${short}e${power}`;
}

const MAX_NAME_BYTES = 128;

/** Checks the name of an entry that everybody with the person's token may read. */
export function checkName(name) {
  checkGrammar(name);
  if (/^private(\.|$)/i.test(name)) throw new Refused('A name that begins with private belongs among the secrets.');
  return name;
}

/** Checks what stands behind `private.`. */
export function checkSecretName(rest) {
  const name = `private.${rest}`;
  checkGrammar(name);
  return name;
}

function checkGrammar(name) {
  const refuse = (sentence) => {
    throw new Refused(sentence);
  };
  if (name === '' || name === 'private.') refuse('Give it a name.');
  if (!/^[\x21-\x7e]*$/.test(name) || /["\\]/.test(name)) {
    refuse('A name has plain letters, digits and signs: no spaces, no accents, no " and no \\.');
  }
  if (name.length > MAX_NAME_BYTES) refuse(`A name has at most ${MAX_NAME_BYTES} characters.`);
  if (/^\.|\.$|\.\./.test(name)) refuse('A dot stands between two parts of a name.');
  if (['__proto__', 'constructor', 'prototype'].includes(name) || /^safe(\.|$)/.test(name))
    refuse('This name is kept for the safe itself.');
}

/** What a person calls the opt-in `optin.newsletter`: Newsletter. */
export function title(key) {
  const words = key
    .replace(/^optin\./, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll(/[._-]+/g, ' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Whether an entry is a permission that is given or not. */
export function isOptIn(key, value) {
  return key.startsWith('optin.') && typeof value === 'boolean';
}
