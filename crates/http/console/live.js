// Follows the record: a socket by which the safe tells what happens to it, wherever that is done. It comes back by itself when the
// connection is lost. The token goes into a message, and never into the address.

import { settled } from './api.js';
import * as record from './record.js';
import * as session from './session.js';

/** Beside the API, from where this module was loaded: a proxy may have put a path in front. */
const ADDRESS = new URL('../ws', import.meta.url).href.replace(/^http/, 'ws');
/** How the safe closes when a token is good no more, and when a person has too many pages open. */
const REFUSED = 4002;
const TOO_MANY = 4003;
/** Between two tries, at first and at most; doubled each time. */
const PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
/** How often the safe is asked whether it is there; whoever has said nothing since the last time is not. */
const PING_MS = 30_000;
/** What a person does at a page. */
const USES = ['pointerdown', 'keydown', 'wheel'];

/** The socket, from its first try on; null between two. */
let socket = null;
/** The token that it was shown last, and the one that it has taken. */
let shown = null;
let taken = null;
/** Whether that token came of a renewal for the socket's sake, and has not been taken yet. */
let isLastTry = false;
let isWanted = false;
let isLive = false;
/** Whether it was live before, and so has a place to go on from. */
let wasLive = false;
let hasHeard = false;
let tries = 0;
let retry = null;
let ping = null;
/** Whether somebody was there since the tokens were renewed: a page that is left alone does not keep its session alive. */
let isUsed = false;
let isAsleep = false;
let onChange = () => {};

/** Begins to follow, and goes on until told otherwise. */
export function begin() {
  end();
  isWanted = true;
  tries = 0;
  open();
}

/** Follows no more. */
export function end() {
  isWanted = false;
  wasLive = false;
  isAsleep = false;
  isLastTry = false;
  drop();
}

/** "live" while what is shown follows the record, "opening" before it does, "lost" when it does no more or not yet. */
export function state() {
  if (isLive) return 'live';
  return wasLive || tries > 0 ? 'lost' : 'opening';
}

/** Whom to tell that this has changed. */
export function whenChanged(listener) {
  onChange = listener;
}

function open() {
  clearTimeout(retry);
  const mine = new WebSocket(ADDRESS);
  socket = mine;
  taken = null;
  mine.addEventListener('open', () => {
    if (socket !== mine) {
      mine.close();
      return;
    }
    hasHeard = true;
    ping = setInterval(beat, PING_MS);
    authenticate();
    if (wasLive && record.version() !== null) send({ type: 'resume', since: record.version() });
  });
  mine.addEventListener('message', ({ data }) => socket === mine && hear(JSON.parse(data)));
  mine.addEventListener('close', ({ code }) => socket === mine && lost(code));
}

function authenticate() {
  shown = session.accessToken();
  send({ type: 'auth', token: shown, clientName: 'console' });
}

function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function hear({ type, data }) {
  hasHeard = true;
  if (type === 'auth_success') {
    taken = shown;
    isLastTry = false;
  } else if (type === 'user_data') {
    record.snapshot(data);
    follow();
  } else if (type === 'user_data_update') record.update(data) || askAnew();
  else if (type === 'user_data_erased') record.erased(data);
  else if (type === 'error') failed(data);
  // Behind a `resync` comes all of it.
}

/** Something is missing that is not told again: the whole of it is asked for. */
function askAnew() {
  send({ type: 'get_user_data' });
}

/** What was not done, and is worth another try: a token shown, or all of it asked for. */
function failed({ error_code: code, context }) {
  if (code === 'UNAVAILABLE' && context === 'auth') soon(authenticate);
  else if (code === 'UNAVAILABLE') wait();
  else if (code === 'TOO_MANY_REQUESTS') soon(askAnew);
}

/** In a moment, if the connection is still this one. */
function soon(act) {
  const mine = socket;
  setTimeout(() => socket === mine && act(), PAUSE_MS * (1 + Math.random()));
}

/** The record cannot be read now: all of it comes when it can. */
function wait() {
  isLive = false;
  onChange();
}

function follow() {
  if (isLive) return;
  tries = 0;
  wasLive = true;
  isLive = true;
  onChange();
}

/** A connection that is gone says nothing, not even that it is. */
function beat() {
  if (!hasHeard) {
    lost();
    return;
  }
  hasHeard = false;
  send({ type: 'ping' });
}

function drop() {
  clearTimeout(retry);
  clearInterval(ping);
  const gone = socket;
  socket = null;
  // One that is not open yet closes itself once it is.
  if (gone?.readyState === WebSocket.OPEN) gone.close();
  isLive = false;
  onChange();
}

function lost(code = null) {
  drop();
  // A newer one may be on its way.
  if (code === REFUSED) renew(taken ?? shown);
  else later(code === TOO_MANY);
}

function later(isLong) {
  const pause = isLong ? LONGEST_PAUSE_MS : Math.min(PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS);
  tries += 1;
  // When a safe is back, not everybody is back at once.
  retry = setTimeout(open, pause * (0.5 + Math.random() / 2));
  onChange();
}

/** Has the token renewed that the safe takes no more, once; a session that has ended is ended in the page, too. */
async function renew(refused) {
  // What is underway may have ended the session itself, and says so.
  await settled();
  if (!isWanted || socket !== null) return;
  try {
    if (session.accessToken() === refused) {
      isAsleep = session.hasLapsed() && !isUsed;
      if (isAsleep) return;
      if (isLastTry) session.end('Your session has ended. Sign in again to go on.');
      else isLastTry = await session.renew();
    }
    if (isWanted && socket === null) open();
  } catch {
    if (isWanted) later();
  }
}

session.whenRenewed(() => {
  isUsed = false;
  if (socket?.readyState === WebSocket.OPEN) authenticate();
});

for (const use of USES) {
  window.addEventListener(
    use,
    () => {
      isUsed = true;
      if (!isAsleep) return;
      isAsleep = false;
      renew(taken ?? shown);
    },
    { passive: true },
  );
}

window.addEventListener('online', () => {
  if (isWanted && socket === null && !isAsleep) open();
});

window.addEventListener('pagehide', end);
