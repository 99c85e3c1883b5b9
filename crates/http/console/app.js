// Begins: goes on where the page was left, or shows the door; and swaps the one for the other when somebody comes or goes.

import { el } from './dom.js';
import { frame } from './frame.js';
import * as live from './live.js';
import { failed } from './parts.js';
import { forget } from './record.js';
import * as session from './session.js';
import { complain, hush } from './status.js';
import { Refused, sentenceOf } from './refused.js';
import { door } from './welcome.js';

const app = document.getElementById('app');

function showDoor(sentence = null) {
  hush();
  live.end();
  forget();
  for (const dialog of document.querySelectorAll('dialog')) dialog.close();
  history.replaceState(null, '', window.location.pathname + window.location.search);
  document.title = 'Sign in · Strongroom';
  app.replaceChildren(door(enter));
  if (sentence !== null) complain(new Refused(sentence));
}

function showFrame() {
  hush();
  app.replaceChildren(frame());
  live.begin();
}

function enter() {
  showFrame();
  app.querySelector('h1').focus();
}

async function begin() {
  try {
    if (await session.resume()) showFrame();
    else if (!session.isSignedIn() && app.childElementCount === 0) showDoor();
  } catch (error) {
    retry(error);
  }
}

/** The safe could not be asked whether the session lives: nobody is signed out for that. */
function retry(error) {
  const again = async () => {
    try {
      if (await session.renew()) showFrame();
    } catch (another) {
      retry(another);
    }
  };
  app.replaceChildren(
    el('main', {}, el('h1', { class: 'unseen', tabindex: '-1' }, 'Strongroom'), failed(sentenceOf(error), again)),
  );
}

session.whenEnded((why) => {
  showDoor(why);
  app.querySelector('h1').focus();
});
begin();
