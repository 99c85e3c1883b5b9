// An address is shown to be the person's own: a code is mailed, typed, and the address stands among the data.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { look } from '../looks.mjs';

export async function tell(visit) {
  const { page } = visit;
  await visit.signUp();

  // Whether the safe can confirm an address is asked again, and no fault taken for a no.
  await page.route('**/users/me/validate-email', (route) => route.fulfill({ status: 503 }));
  visit.expects('the server responded with a status of 503');
  await visit.goTo('Account');
  await page.getByText('The safe cannot answer now.').waitFor();
  await page.unrouteAll({ behavior: 'wait' });
  await visit.press('Try again');
  await page.getByLabel('Your address').fill('jane');
  await visit.press('Send a code');
  await visit.hears('Type an address such as');
  await page.getByLabel('Your address').fill('jane@example.org');
  await visit.press('Send a code');
  await page.getByText('If it can be mailed, it is on its way to jane@example.org.').waitFor();
  await look(visit, 'account-code');

  const code = await mailedCode(visit);
  await page.getByLabel('Code').fill(code === '000000' ? '000001' : '000000');
  await visit.press('Confirm');
  await visit.hears('The code is wrong, used or expired.');
  await page.getByLabel('Code').fill(code);
  await visit.press('Confirm');
  await visit.hears('jane@example.org is confirmed.');
  assert.equal((await visit.record())['marketing.email'], 'jane@example.org');

  const { person } = await visit.tokens();
  const body = JSON.stringify({ externalUserId: person, email: 'jane@example.org', code });
  const again = await visit.raw('POST', '/v1/ibexsafe/confirmEmail', { body });
  assert.deepEqual([again.status, again.code], [400, 'code_refused']);
}

/** The code in the one mail that was written, once it is there. */
async function mailedCode(visit) {
  let letters = [];
  await visit.until('a mail was written', async () => {
    letters = (await readdir(visit.mail).catch(() => [])).filter((name) => name.endsWith('.eml'));
    return letters.length > 0;
  });
  const [, body] = (await readFile(join(visit.mail, letters[0]), 'utf8')).split(/\r?\n\r?\n/, 2);
  return /\b\d{6}\b/.exec(body)[0];
}
