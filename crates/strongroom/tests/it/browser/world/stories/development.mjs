// A safe on the developer's own machine: opened by its address, where passkeys do not work, and tried without one.

import assert from 'node:assert/strict';
import { look } from '../looks.mjs';

export async function tell(visit) {
  const byAddress = await visit.another({ origin: visit.origin.replace('localhost', '127.0.0.1') });
  const { page } = byAddress;
  await page.getByText('Passkeys belong to a name').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Sign in with a passkey' }).isDisabled(), true);
  assert.equal(await page.getByRole('link').getAttribute('href'), `${visit.origin}/console`);
  await look(byAddress, 'door-by-address');

  await byAddress.press('Try it without a passkey');
  await byAddress.isAt('Data');
  await byAddress.goTo('Access');
  await page.getByText('This account has no passkey').waitFor();
  await look(byAddress, 'access-no-passkey');

  // By the address that another machine would take: `localhost` would be theirs, and is not offered; nor is an account for tests.
  const fromAfar = await visit.another({
    origin: 'http://192.0.2.7',
    leadsTo: visit.origin,
    expected: 'Cross-Origin-Opener-Policy header has been ignored',
  });
  await fromAfar.page.getByText('Open it by the name that it is registered under.').waitFor();
  assert.equal(await fromAfar.page.getByRole('link').count(), 0);
  assert.equal(await fromAfar.page.getByRole('button', { name: 'Try it without a passkey' }).count(), 0);
  await look(fromAfar, 'door-from-afar');

  // A page that went away comes back from the browser's own store as it should: signed in, with tokens that are good.
  await page.goto('about:blank');
  await page.goBack();
  await byAddress.isAt('Access');
  await byAddress.goTo('Account');
  await byAddress.signOut();
}
