// The person's record: what of it can be read, and in which state it is. It is asked for, and the safe tells of it unasked (live.js);
// what is told comes in order, so an answer that it has overtaken counts no more. Every write says which state it means to change, so
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
/** How often the safe has told something new. */
let told = 0;
let onTold = () => {};

const path = () => `ibexsafe/userdata/external/${encodeURIComponent(session.person())}`;

/** The entries that can be read, ordered by name: a map from name to value. */
export const readable = () => entries;

/** Whether its state is known: nothing can be written before. */
export const isLoaded = () => etag !== undefined;

/** The state that is shown now, for a write that comes later. */
export const state = () => etag;

/** The state as the safe names it when it tells: null where there is no record, or where none is known. */
export const version = () => etag?.slice(1, -1) ?? null;

/** Whom to call when the safe has told something new; one at a time. */
export function whenTold(listener) {
  onTold = listener;
}

/** Takes what a sign-in has brought along, to be shown until it is loaded: its state is not known yet. */
export function expect(userdata = {}) {
  etag = undefined;
  entries = ordered(userdata);
}

/** Loads it anew. */
export async function load() {
  const before = told;
  const answer = await ask('GET', path());
  answered(before, answer.etag, answer.json ?? {});
  return entries;
}

/** Writes one entry into the record of this state; `literal` is its value as JSON text, `"null"` deletes it. */
export async function write(name, literal, at = etag) {
  const before = told;
  const body = `{"externalUserId":${JSON.stringify(session.person())},"data":{${JSON.stringify(name)}:${literal}}}`;
  let answer;
  try {
    answer = await ask('POST', 'ibexsafe/userdata', { body, headers: condition(at) });
  } catch (error) {
    if (error.status !== 412) throw error;
    await load();
    throw new ChangedElsewhere();
  }
  if (told !== before) return;
  etag = answer.etag ?? etag;
  if (name.startsWith('private.')) return;
  if (literal === 'null') entries.delete(name);
  else entries = ordered({ ...Object.fromEntries(entries), [name]: JSON.parse(literal) });
}

/** What there is beside what can be read: `{ writeOnly, createdAt, updatedAt }`, or null without a record. */
export async function exported() {
  const before = told;
  const answer = await ask('GET', `${path()}/export`);
  const { generation, version, data = {} } = answer.json ?? {};
  answered(before, answer.json === null ? null : `"${generation}.${version}"`, data);
  return answer;
}

/** Erases all of it. */
export async function erase() {
  const before = told;
  await ask('DELETE', path());
  answered(before, null, {});
}

/** Forgets what is shown, which is not to erase it. */
export function forget() {
  etag = undefined;
  entries = new Map();
}

/** Takes the whole of it as the safe tells it. `version` is null where there is no record. */
export function snapshot({ version, userdata }) {
  const tag = version === null ? null : `"${version}"`;
  if (tag === etag || isBehind(tag)) return;
  tell(tag, ordered(userdata));
}

/** Takes what a write has changed, wherever it was made. Says whether it could, which it cannot where something before it is missing. */
export function update({ version, from = null, changed, removed }) {
  const tag = `"${version}"`;
  if (tag === etag || isBehind(tag)) return true;
  if (!leadsOn(tag, from)) return false;
  const all = { ...Object.fromEntries(entries), ...changed };
  for (const name of removed) delete all[name];
  tell(tag, ordered(all));
  return true;
}

/** Takes that the record of this generation was erased. */
export function erased({ generation }) {
  if (etag && parts(etag).generation === generation) tell(null, new Map());
}

/** Takes an answer that was asked for when so much had been told. */
function answered(before, tag, userdata) {
  if (told !== before || isBehind(tag)) return;
  etag = tag;
  entries = ordered(userdata);
}

function tell(tag, map) {
  told += 1;
  etag = tag;
  entries = map;
  onTold();
}

/** Whether this state comes before the one that is known, as far as that can be seen. */
function isBehind(tag) {
  if (!tag || !etag) return false;
  const [one, known] = [parts(tag), parts(etag)];
  return one.generation === known.generation && one.number < known.number;
}

/** Whether what leads to this state begins at the one that is known, or before it. `from` is where it begins, if not one before. */
function leadsOn(tag, from) {
  const { generation, number } = parts(tag);
  const begins = from === null ? number - 1 : parts(`"${from}"`).number;
  if (etag === null) return begins === 0;
  if (etag === undefined) return false;
  const known = parts(etag);
  return generation === known.generation && begins <= known.number;
}

function parts(tag) {
  const dot = tag.lastIndexOf('.');
  return { generation: tag.slice(1, dot), number: Number(tag.slice(dot + 1, -1)) };
}

function condition(at) {
  if (at === undefined) throw new Refused('Your data is still being loaded. Try again in a moment.');
  return at === null ? { 'If-None-Match': '*' } : { 'If-Match': at };
}

function ordered(userdata) {
  return new Map(Object.entries(userdata).sort(([one], [other]) => (one < other ? -1 : 1)));
}
