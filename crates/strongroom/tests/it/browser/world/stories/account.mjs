// A copy to take along; the record erased; the account deleted. Both ends have to be typed, and are ends.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { look } from '../looks.mjs';

export async function tell(visit) {
  const { page } = visit;
  await visit.signUp();
  await visit.write({ language: 'en', 'private.apiKey': 'not-to-be-seen' });
  await visit.goTo('Account');
  await look(visit, 'account');

  const download = page.waitForEvent('download');
  await visit.press('Download my data');
  const copy = JSON.parse(await readFile(await (await download).path(), 'utf8'));
  assert.deepEqual([copy.data, copy.writeOnly], [{ language: 'en' }, ['private.apiKey']]);

  // A wrong word erases nothing, and neither does Escape.
  await visit.press('Erase my data');
  await visit.dialog.getByRole('textbox').fill('yes');
  await visit.press('Erase my data', visit.dialog);
  await visit.hears('That is not the word.');
  await look(visit, 'account-erase');
  await page.keyboard.press('Escape');
  await visit.dialog.waitFor({ state: 'detached' });
  assert.deepEqual(await visit.record(), { language: 'en' });

  await visit.press('Erase my data');
  await visit.dialog.getByRole('textbox').fill('erase');
  await visit.pressInDialog('Erase my data');
  await visit.hears('Your data was erased.');
  assert.deepEqual(await visit.record(), {});
  await visit.goTo('Data');
  await page.getByText('Nothing is kept about you here yet.').waitFor();
  await visit.goTo('Secrets');
  await page.getByText('You have stored no secrets.').waitFor();

  // The account is still there; then it is not, and nothing that belonged to it is good any more.
  await visit.signOut();
  await visit.signIn();
  const { access } = await visit.tokens();
  await visit.goTo('Account');
  await visit.press('Delete my account');
  await visit.dialog.getByRole('textbox').fill('delete my account');
  await look(visit, 'account-delete');
  await visit.pressInDialog('Delete my account');
  await visit.hears('Your account was deleted');
  await visit.isAtTheDoor();
  const refused = await visit.raw('GET', '/v1/auth/passkeys', { access });
  assert.deepEqual([refused.status, refused.code], [401, 'token_invalid']);
  await visit.press('Sign in with a passkey');
  await visit.hears('Unauthorized');
}
