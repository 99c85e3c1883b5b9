// The page of somebody who is signed in: where to go, and the screen that is shown. The address's fragment says which, so that
// back and forward do what they always do.

import { access } from './access.js';
import { account } from './account.js';
import { ask } from './api.js';
import { data } from './data.js';
import { busy, el } from './dom.js';
import { icon, mark } from './icons.js';
import * as live from './live.js';
import * as record from './record.js';
import { secrets } from './secrets.js';
import * as session from './session.js';
import { complain, hush } from './status.js';

const SCREENS = [
  { name: 'data', title: 'Data', draw: data },
  { name: 'secrets', title: 'Secrets', draw: secrets },
  { name: 'access', title: 'Access', draw: access },
  { name: 'account', title: 'Account', draw: account },
];

/** What is said of whether the page follows what happens elsewhere. */
const STATES = { opening: 'Connecting', live: 'Live', lost: 'Not live' };

let stop = () => {};

/** Draws it. */
export function frame() {
  stop();
  const main = el('main', { id: 'main' });
  const links = SCREENS.map(({ name, title }) => el('a', { href: `#${name}` }, icon(name), title));
  const go = (focuses) => {
    const at = Math.max(
      0,
      SCREENS.findIndex(({ name }) => window.location.hash === `#${name}`),
    );
    links.forEach((link, place) =>
      place === at ? link.setAttribute('aria-current', 'page') : link.removeAttribute('aria-current'),
    );
    document.title = `${SCREENS[at].title} · Strongroom`;
    record.whenTold(() => {});
    main.replaceChildren(SCREENS[at].draw());
    if (!focuses) return;
    window.scrollTo(0, 0);
    main.querySelector('h1')?.focus();
  };
  const onHash = () => {
    if (!main.isConnected) return;
    hush();
    go(true);
  };
  window.addEventListener('hashchange', onHash);
  stop = () => window.removeEventListener('hashchange', onHash);
  const whole = el(
    'div',
    { class: 'frame' },
    el(
      'button',
      { class: 'button skip', type: 'button', on: { click: () => main.querySelector('h1')?.focus() } },
      'Skip to the content',
    ),
    el(
      'header',
      { class: 'rail' },
      el('div', { class: 'brand' }, mark(), 'Strongroom'),
      el(
        'nav',
        { 'aria-label': 'Sections' },
        el(
          'ul',
          {},
          links.map((link) => el('li', {}, link)),
        ),
      ),
      el(
        'div',
        { class: 'leave' },
        el('p', { class: 'where' }, `Signed in to ${session.tenant()}`),
        following(),
        el(
          'button',
          {
            class: 'button',
            type: 'button',
            on: { click: (event) => busy(event.currentTarget, signOut) },
          },
          'Sign out',
        ),
      ),
    ),
    main,
  );
  go(false);
  return whole;
}

/** Says whether the page follows what happens elsewhere. */
function following() {
  const words = el('span', { class: 'words' });
  const place = el('p', { class: 'following', role: 'status' }, el('span', { class: 'dot', 'aria-hidden': 'true' }), words);
  const show = () => {
    const state = live.state();
    if (place.dataset.state === state) return;
    place.dataset.state = state;
    words.replaceChildren(STATES[state]);
  };
  live.whenChanged(show);
  show();
  return place;
}

async function signOut() {
  try {
    await ask('POST', 'auth/sign-out');
  } catch (error) {
    // Whoever is signed out already wanted no more; anything else leaves the session alive, and must be said.
    if (session.isSignedIn()) complain(error);
    return;
  }
  session.end();
}
