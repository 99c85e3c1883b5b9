// Signing up, coming back, and being turned away, by passkey.

import assert from 'node:assert/strict';
import { look } from '../looks.mjs';

export async function tell(visit) {
  const { page } = visit;
  const button = (name) => page.getByRole('button', { name, exact: true });
  await look(visit, 'door');

  await visit.signUp();
  await look(visit, 'data-empty');
  await visit.write({ language: 'en', 'optin.newsletter': true });

  // A reload goes on; meanwhile nothing is kept where another tab or a later visit would find it.
  await page.reload();
  await visit.isAt('Data');
  await visit.row('language').getByText('en', { exact: true }).waitFor();
  assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]), [
    0,
    0,
    '',
  ]);

  assert((await shift(page)) < 0.1, 'what is shown stays where it is while more comes');

  await visit.signOut();
  await page.reload();
  await visit.isAtTheDoor();

  // The data comes with the sign-in itself, before the record is asked for; it can be changed once its state is known.
  await visit.tellsNothing();
  let letGo;
  const isLetGo = new Promise((resolve) => (letGo = resolve));
  await page.route('**/userdata/external/**', (route) => isLetGo.then(() => route.continue()));
  await visit.press('Sign in with a passkey');
  await visit.row('language').getByText('en', { exact: true }).waitFor();
  const newsletter = page.getByRole('switch', { name: 'Newsletter' });
  const controls = [newsletter, ...['Edit language', 'Delete language', 'Add an entry'].map(button)];
  assert.deepEqual(await Promise.all(controls.map((one) => one.isDisabled())), [true, true, true, true]);
  await look(visit, 'data-not-loaded');
  letGo();
  await newsletter.click();
  await visit.until('the write has gone through', async () => (await visit.record())['optin.newsletter'] === false);
  assert.deepEqual(await Promise.all(controls.map((one) => one.isEnabled())), [true, true, true, true]);
  assert.equal(await page.getByText('changed somewhere else').count(), 0);
  await page.unrouteAll({ behavior: 'wait' });

  // Ended elsewhere, and known at once.
  const { access } = await visit.tokens();
  await visit.signOut();
  const refused = await visit.raw('GET', '/v1/auth/sessions', { access });
  assert.deepEqual([refused.status, refused.code], [401, 'token_invalid']);

  // Whoever is not the owner, and whoever has no passkey here, gets a sentence and no more.
  await visit.isOwner(false);
  await visit.press('Sign in with a passkey');
  await visit.hears('No passkey was used');
  await look(visit, 'door-refused');
  await visit.isOwner(true);
  await visit.signIn();
  await visit.signOut();
  await visit.plugIn();
  await visit.press('Sign in with a passkey');
  await visit.hears('No passkey was used');
  await visit.isAtTheDoor();
}

/** How far things have moved since the page was loaded, as the browser counts it (Layout Instability); under 0.1 is good. */
function shift(page) {
  return page.evaluate(async () => {
    let sum = 0;
    const add = (list) => list.getEntries().forEach(({ value }) => (sum += value));
    new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });
    for (const _ of [1, 2]) await new Promise((resolve) => requestAnimationFrame(resolve));
    return sum;
  });
}
