// Who is signed in: the tokens, and their renewal.
//
// Both tokens live in this module's memory and nowhere else while the page is open; never in localStorage, never in a cookie. So
// that a reload does not sign out, the refresh token is put into sessionStorage as the page goes away and taken out as it comes
// back: it lies there only while no page runs, and a duplicated tab, which would use it a second time and so end the session, finds
// none. Why: docs/adr/0019.

import { Refused } from './refused.js';

const AWAY = 'strongroom.refresh';
const LATE_MS = 30_000;
/** The API, from where this module was loaded: a proxy may have put a path in front. */
const REFRESH = new URL('../v1/auth/refresh', import.meta.url);

let tokens = null;
let renewal = null;
let onEnd = () => {};
let onRenewal = () => {};

/** Takes what a sign-up, a sign-in or a refresh has answered. */
export function begin(answer) {
  tokens = {
    access: answer.access_token,
    refresh: answer.refresh_token,
    person: answer.subject,
    tenant: answer.audience,
    lapses: Date.now() + answer.expires_in * 1000,
  };
  onRenewal();
}

/** Forgets it all. `why`: a sentence for the person. */
export function end(why = null) {
  tokens = null;
  sessionStorage.removeItem(AWAY);
  onEnd(why);
}

/** Whom to tell. */
export function whenEnded(listener) {
  onEnd = listener;
}

/** Whom to tell that there is a new access token. */
export function whenRenewed(listener) {
  onRenewal = listener;
}

export const isSignedIn = () => tokens !== null;
export const accessToken = () => tokens?.access ?? null;
export const person = () => tokens?.person ?? null;
export const tenant = () => tokens?.tenant ?? null;
/** Whether the access token has had its time, by the clock of this machine, which may be late. */
export const hasLapsed = () => tokens !== null && Date.now() + LATE_MS >= tokens.lapses;

/** Goes on where the page was left, if it was left signed in. */
export async function resume() {
  const refresh = sessionStorage.getItem(AWAY);
  sessionStorage.removeItem(AWAY);
  if (refresh === null) return false;
  tokens = { access: null, refresh, person: null, tenant: null, lapses: 0 };
  return renew();
}

/**
 * Exchanges the refresh token, once however many ask. Says whether somebody is signed in afterwards; throws when the safe
 * could not be asked, which ends nothing.
 */
export function renew() {
  renewal ??= exchange().finally(() => {
    renewal = null;
  });
  return renewal;
}

async function exchange() {
  const held = tokens;
  if (held === null) return false;
  let response;
  try {
    response = await fetch(REFRESH, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ refresh_token: held.refresh }),
      cache: 'no-store',
    });
  } catch {
    throw new Refused('The safe cannot be reached. Check your connection and try again.');
  }
  if (tokens !== held) return tokens !== null;
  if (response.status === 401) {
    end('Your session has ended. Sign in again to go on.');
    return false;
  }
  if (!response.ok)
    throw new Refused('The safe cannot answer now. Try again in a moment.', { status: response.status });
  begin(await response.json());
  return true;
}

window.addEventListener('pagehide', () => {
  // One that is being exchanged is as good as used.
  if (tokens !== null && renewal === null) sessionStorage.setItem(AWAY, tokens.refresh);
});

window.addEventListener('pageshow', (event) => {
  // A page that comes back from the browser's cache may hold tokens that a later one has used: it begins anew.
  if (event.persisted) {
    tokens = null;
    window.location.reload();
  }
});
