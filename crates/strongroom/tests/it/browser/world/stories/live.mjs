// Two pages of one person: what is done in one is seen in the other, which neither asks nor is loaded again. And a page whose
// connection is lost goes on from where it was.

import assert from 'node:assert/strict';
import { look } from '../looks.mjs';

const SECRET = 'opens-the-only-door';

export async function tell(visit) {
  await visit.signUp();
  await visit.isLive();
  const other = await visit.another({ before: keepSockets });
  const frames = listen(other.page);
  await other.signIn(await visit.passkeys());
  await other.isLive();
  await look(other, 'live');
  const { access } = await other.tokens();
  assert.deepEqual(frames.sent.map(typeOf), ['auth']);
  assert.equal(JSON.parse(frames.sent[0]).token, access);
  let asked = 0;
  other.page.on('request', () => (asked += 1));

  // Added, changed, switched and deleted here, and seen there.
  await add(visit, 'language', 'Text', (value) => value.fill('en'));
  await other.row('language').getByText('en', { exact: true }).waitFor();
  await visit.write({ 'optin.newsletter': true, city: 'Bergen' });
  await Promise.all([visit, other].map((one) => one.row('city').getByText('Bergen').waitFor()));
  await visit.page.getByRole('switch', { name: 'Newsletter' }).click();
  await other.until('the switch has followed', async () => !(await newsletter(other).isChecked()));
  assert.equal(asked, 0, 'what is told is not asked for');

  // And the other way round. Whoever is at something meanwhile stays there.
  await visit.page.getByRole('button', { name: 'Edit language' }).focus();
  await other.press('Delete city');
  await other.hears('city was deleted.');
  await visit.row('city').waitFor({ state: 'detached' });
  assert.equal(await visit.page.evaluate(() => document.activeElement.id), 'edit:language');

  // A form is about what was shown when it was opened: nothing that came since is overwritten.
  await visit.press('Edit language');
  await other.press('Edit language');
  await other.value.fill('nb');
  await other.pressInDialog('Save');
  await visit.page.getByText('nb', { exact: true }).waitFor();
  await visit.value.fill('de');
  await visit.pressInDialog('Save');
  await visit.hears('changed somewhere else');
  assert.equal((await visit.record()).language, 'nb');

  // Of a secret its name is seen, and nothing else.
  await other.goTo('Secrets');
  await visit.write({ 'private.apiKey': SECRET });
  await other.row('private.apiKey').waitFor();
  await other.goTo('Data');

  // Erased, and begun anew.
  await visit.goTo('Account');
  await visit.press('Erase my data');
  await visit.dialog.getByRole('textbox').fill('erase');
  await visit.pressInDialog('Erase my data');
  await other.page.getByText('Nothing is kept about you here yet.').waitFor();
  await look(other, 'live-erased');
  await visit.goTo('Data');
  await add(visit, 'street', 'Text', (value) => value.fill('Harbour Row'));
  await other.row('street').getByText('Harbour Row').waitFor();
  await add(other, 'height', 'Number', (value) => value.fill('1.8'));
  await visit.row('height').waitFor();

  // A connection that is lost is said, and taken up again where it was.
  const last = await other.page.evaluate(async () => (await import('/console/record.js')).version());
  await other.page.evaluate(() => {
    window.holdsBack = true;
    window.sockets.at(-1).close();
  });
  await other.page.getByText('Not live').waitFor();
  await look(other, 'live-lost');
  await visit.write({ street: 'Quay' });
  await other.page.evaluate(() => {
    window.holdsBack = false;
    // As the browser says it, when it has a network again.
    window.dispatchEvent(new Event('online'));
  });
  await other.row('street').getByText('Quay').waitFor();
  await other.isLive();
  const resumed = frames.sent.map((text) => JSON.parse(text)).filter(({ type }) => type === 'resume');
  assert.deepEqual(resumed, [{ type: 'resume', since: last }]);

  for (const text of frames.received) assert(!/private|opens-the/.test(text), 'a frame names what is private');
  assert.deepEqual(await other.record(), await visit.record());
  assert.deepEqual(await shown(other), await shown(visit));
}

function newsletter({ page }) {
  return page.getByRole('switch', { name: 'Newsletter' });
}

/** The page's own sockets, for the story to close. While it holds back, a new one goes nowhere. */
function keepSockets() {
  const Own = window.WebSocket;
  window.sockets = [];
  window.WebSocket = function open(address) {
    const socket = window.holdsBack ? new EventTarget() : new Own(address);
    if (window.holdsBack) {
      socket.close = () => {};
      setTimeout(() => socket.dispatchEvent(new CloseEvent('close', { code: 1006 })));
    }
    window.sockets.push(socket);
    return socket;
  };
  window.WebSocket.OPEN = Own.OPEN;
}

/** All frames of the page's sockets, as text. */
function listen(page) {
  const frames = { sent: [], received: [] };
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => frames.sent.push(payload));
    socket.on('framereceived', ({ payload }) => frames.received.push(payload));
  });
  return frames;
}

const typeOf = (text) => JSON.parse(text).type;

/** The rows of a page, as they are read. */
function shown({ page }) {
  return page.locator('main li').allInnerTexts();
}

async function add(visit, name, kind, fill) {
  await visit.press('Add an entry');
  await visit.dialog.getByLabel('Name').fill(name);
  await visit.dialog.getByText(kind, { exact: true }).click();
  await fill(visit.value);
  await visit.pressInDialog('Add');
  await visit.hears(`${name} was added.`);
}
