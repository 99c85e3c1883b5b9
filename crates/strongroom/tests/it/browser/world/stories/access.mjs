// A second passkey, the first removed, the last one kept; and sessions, seen and ended.

import assert from 'node:assert/strict';
import { look } from '../looks.mjs';

export async function tell(visit) {
  const { page } = visit;
  await visit.signUp();
  await visit.write({ language: 'en' });
  await visit.goTo('Access');
  await visit.row('Chrome on Linux').getByText('The last one cannot be removed.').waitFor();
  await look(visit, 'access-one-passkey');

  // What is disabled here is refused there.
  const last = page.getByRole('button', { name: 'Remove Chrome on Linux' });
  assert.equal(await last.isDisabled(), true);
  const [{ id }] = JSON.parse((await visit.raw('GET', '/v1/auth/passkeys')).text).passkeys;
  const refused = await visit.raw('DELETE', `/v1/auth/passkeys/${id}`);
  assert.deepEqual([refused.status, refused.code], [409, 'last_passkey']);

  // A passkey that the safe refuses is no session that has ended: it is said, and whoever is signed in stays so.
  const first = await visit.unplug();
  assert.equal(first.length, 1);
  await visit.plugIn();
  await page.route('**/auth/sign-up?*', async (route) => {
    const response = await route.fetch();
    const offer = await response.json();
    offer.credentialRequestOptions.challenge = 'bm90IHRoZSBzYWZlJ3M';
    await route.fulfill({ response, json: offer });
  });
  let renewals = 0;
  page.on('request', (request) => (renewals += request.url().endsWith('/auth/refresh') ? 1 : 0));
  await visit.press('Add a passkey');
  await visit.press('Add', visit.dialog);
  await visit.dialog.getByText('Unauthorized: the credential was not accepted.').waitFor();
  await look(visit, 'access-add-refused');
  await visit.pressInDialog('Cancel');
  await page.unrouteAll({ behavior: 'wait' });
  assert.equal(renewals, 0);
  await visit.goTo('Data');
  await visit.row('language').waitFor();
  await visit.goTo('Access');

  // A second one, on another device.
  await visit.plugIn();
  await visit.press('Add a passkey');
  await visit.dialog.getByLabel('Name of the passkey').fill('The key on my ring');
  await look(visit, 'access-add');
  await visit.pressInDialog('Add');
  await visit.hears('The passkey was added.');
  await visit.row('The key on my ring').waitFor();
  assert.equal(
    JSON.parse((await visit.raw('GET', '/v1/auth/sessions')).text).sessions.length,
    1,
    'adding leaves no session behind',
  );

  // It opens the same strongroom; and it removes the first one, which opens nothing from then on.
  await visit.signOut();
  await visit.signIn();
  await visit.row('language').waitFor();
  await visit.goTo('Access');
  await visit.row('The key on my ring').getByText('Used now').waitFor();
  await look(visit, 'access');
  await visit.press('Remove Chrome on Linux');
  await look(visit, 'access-remove');
  await visit.pressInDialog('Remove');
  await visit.hears('Chrome on Linux was removed.');
  const second = await visit.unplug();
  await visit.signOut();
  await visit.plugIn();
  await visit.putBack(first);
  await visit.press('Sign in with a passkey');
  await visit.hears('Unauthorized');
  await visit.signIn(second);

  // Another session, at another place: seen, ended, and out at once, with nothing done there.
  const here = await visit.tokens();
  const elsewhere = await visit.another({ locale: 'de-DE' });
  await elsewhere.signIn(await visit.passkeys());
  await elsewhere.goTo('Access');
  const when = elsewhere.row('Since').getByRole('time').first();
  assert.deepEqual(
    [await when.getAttribute('lang'), /^\d\d\.\d\d\.\d{4}, /.test(await when.textContent())],
    ['de-DE', true],
  );
  await visit.goTo('Access');
  await visit.until('both sessions are listed', async () => (await page.getByText('Since').count()) === 2);
  await look(visit, 'access-sessions');
  await page.getByRole('button', { name: /^End the session of/ }).click();
  await visit.hears('The session was ended.');
  assert.equal(await page.getByText('Since').count(), 1);
  await elsewhere.page.getByText('Your session has ended.').first().waitFor();
  await visit.signOut();

  const ended = await visit.raw('GET', '/v1/auth/sessions', { access: here.access });
  assert.deepEqual([ended.status, ended.code], [401, 'token_invalid']);
}
