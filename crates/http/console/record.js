// The person's record: what of it can be read, and in which state it is. Every write says which state it means to change, so
// that nothing that was changed elsewhere meanwhile is overwritten.

import { ask } from './api.js';
import { Refused } from './refused.js';
import * as session from './session.js';

/** Thrown when the record was changed elsewhere; it has been loaded again by then, and nothing was written. */
export class ChangedElsewhere extends Refused {
  constructor() {
    super('Your data was changed somewhere else meanwhile. It is shown as it is now; nothing was overwritten.');
  }
}

/** The state of the record: null where there is no record, undefined as long as it is not known. */
let etag;
let entries = new Map();

const path = () => `ibexsafe/userdata/external/${encodeURIComponent(session.person())}`;

/** The entries that can be read, ordered by name: a map from name to value. */
export const readable = () => entries;

/** Whether its state is known: nothing can be written before. */
export const isLoaded = () => etag !== undefined;

/** Takes what a sign-in has brought along, to be shown until it is loaded: its state is not known yet. */
export function expect(userdata = {}) {
  etag = undefined;
  entries = new Map(Object.entries(userdata).sort(byName));
}

/** Loads it anew. */
export async function load() {
  const answer = await ask('GET', path());
  etag = answer.etag;
  entries = new Map(answer.json === null ? [] : Object.entries(answer.json).sort(byName));
  return entries;
}

/** Writes one entry; `literal` is its value as JSON text, `"null"` deletes it. */
export async function write(name, literal) {
  const body = `{"externalUserId":${JSON.stringify(session.person())},"data":{${JSON.stringify(name)}:${literal}}}`;
  let answer;
  try {
    answer = await ask('POST', 'ibexsafe/userdata', { body, headers: condition() });
  } catch (error) {
    if (error.status !== 412) throw error;
    await load();
    throw new ChangedElsewhere();
  }
  etag = answer.etag ?? etag;
  if (name.startsWith('private.')) return;
  if (literal === 'null') entries.delete(name);
  else entries = new Map([...entries, [name, JSON.parse(literal)]].sort(byName));
}

/** What there is beside what can be read: `{ writeOnly, createdAt, updatedAt }`, or null without a record. */
export async function exported() {
  const answer = await ask('GET', `${path()}/export`);
  etag = answer.json === null ? null : `"${answer.json.generation}.${answer.json.version}"`;
  return answer;
}

/** Erases all of it. */
export async function erase() {
  await ask('DELETE', path());
  forget();
  etag = null;
}

/** Forgets what is shown, which is not to erase it. */
export function forget() {
  etag = undefined;
  entries = new Map();
}

function condition() {
  if (!isLoaded()) throw new Refused('Your data is still being loaded. Try again in a moment.');
  return etag === null ? { 'If-None-Match': '*' } : { 'If-Match': etag };
}

function byName([one], [other]) {
  return one < other ? -1 : 1;
}
