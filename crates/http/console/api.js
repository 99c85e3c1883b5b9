// One request to the safe, and its answer or a refusal. Renews the access token once, without a word, when the safe takes it no
// more; any other refusal ends nothing. Must never put a token, a name or a value into an address.

import { Refused } from './refused.js';
import * as session from './session.js';

const ROOT = new URL('../v1/', import.meta.url);

const underway = new Set();

/** Waits until all that has been asked by now is answered. */
export const settled = () => Promise.allSettled(underway);

/**
 * Asks. `body` is JSON as text already, since numbers go as they were typed; `token` is the session's own, unless another or none
 * (`null`) is given. Gives `{ status, etag, text, json }`. Throws `Refused`.
 */
export function ask(method, path, what = {}) {
  const asked = answerTo(method, path, what);
  underway.add(asked);
  const forget = () => underway.delete(asked);
  asked.then(forget, forget);
  return asked;
}

async function answerTo(method, path, { body = null, headers = {}, token = session.accessToken() }) {
  const isOurs = token === session.accessToken() && session.isSignedIn();
  let answer = await send(method, path, body, headers, token);
  if (isOurs && isTokenRefused(answer)) {
    // Another request may have had it renewed meanwhile.
    if (session.accessToken() === token) await session.renew();
    if (!session.isSignedIn()) throw new Refused('Your session has ended. Sign in again to go on.', { status: 401 });
    answer = await send(method, path, body, headers, session.accessToken());
    // Good a moment ago and refused now: somebody has ended it.
    if (isTokenRefused(answer)) session.end('Your session has ended. Sign in again to go on.');
  }
  if (!isOk(answer)) throw refusal(answer.status, answer.json);
  return answer;
}

/** Whether the safe has a route at all: asked by its methods, which changes nothing. Throws `Refused` when it does not say. */
export async function has(path) {
  const answer = await send('OPTIONS', path, null, {}, null);
  if (!isOk(answer) && answer.status !== 404) throw refusal(answer.status, answer.json);
  return isOk(answer);
}

const isOk = ({ status }) => status >= 200 && status < 300;

/** A 401 may also be about what was sent, such as a passkey: only this code is about the token. */
const isTokenRefused = ({ status, json }) => status === 401 && json?.code === 'token_invalid';

async function send(method, path, body, headers, token) {
  const all = { ...headers };
  if (body !== null) all['Content-Type'] = 'application/json';
  if (token !== null) all.Authorization = `Bearer ${token}`;
  try {
    const response = await fetch(new URL(path, ROOT), { method, headers: all, body, cache: 'no-store' });
    const text = await response.text();
    const json = text && response.headers.get('Content-Type')?.includes('json') ? JSON.parse(text) : null;
    return { status: response.status, etag: response.headers.get('ETag'), text, json };
  } catch {
    throw new Refused('The safe cannot be reached. Check your connection and try again.');
  }
}

function refusal(status, problem) {
  const limits = [
    [problem?.limit_bytes, 'bytes'],
    [problem?.limit_keys, 'entries'],
  ];
  const limit = limits.filter(([most]) => most !== undefined).map(([most, what]) => ` At most ${most} ${what} fit.`);
  const sentence = problem?.message ?? 'The safe cannot answer now. Try again in a moment.';
  return new Refused(sentence + limit.join(''), { code: problem?.code ?? null, status });
}
