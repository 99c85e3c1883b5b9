// One request to the safe, and its answer or a refusal. Renews the access token once, without a word, when the safe finds it
// expired. Must never put a token, a name or a value into an address.

import { Refused } from './refused.js';
import * as session from './session.js';

const ROOT = new URL('../v1/', import.meta.url);

/**
 * Asks. `body` is JSON as text already, since numbers go as they were typed; `token` is the session's own, unless another or none
 * (`null`) is given. Gives `{ status, etag, text, json }`. Throws `Refused`.
 */
export async function ask(method, path, { body = null, headers = {}, token = session.accessToken() } = {}) {
  const isOurs = token === session.accessToken() && session.isSignedIn();
  let response = await send(method, path, body, headers, token);
  if (response.status === 401 && isOurs) {
    if (!(await session.renew())) throw new Refused('Your session has ended. Sign in again to go on.', { status: 401 });
    response = await send(method, path, body, headers, session.accessToken());
    if (response.status === 401) {
      // Good a moment ago and refused now: somebody has ended it.
      session.end('Your session has ended. Sign in again to go on.');
    }
  }
  const text = await response.text();
  const json = text && response.headers.get('Content-Type')?.includes('json') ? JSON.parse(text) : null;
  if (!response.ok) throw refusal(response.status, json);
  return { status: response.status, etag: response.headers.get('ETag'), text, json };
}

/** Whether the safe has a route at all: asked by its methods, which changes nothing. */
export async function has(path) {
  const response = await send('OPTIONS', path, null, {}, null);
  return response.ok;
}

async function send(method, path, body, headers, token) {
  const all = { ...headers };
  if (body !== null) all['Content-Type'] = 'application/json';
  if (token !== null) all.Authorization = `Bearer ${token}`;
  try {
    return await fetch(new URL(path, ROOT), { method, headers: all, body, cache: 'no-store' });
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
