// A secret goes in, is replaced and deleted, and is never shown: not by the page, and not by anything that can be asked.

import assert from 'node:assert/strict';
import { look } from '../looks.mjs';

const FIRST = 'opens-the-first-door';
const SECOND = 'opens-the-second-door';

export async function tell(visit) {
  const { page } = visit;
  const answers = [];
  page.on('response', (response) => answers.push(response.text().catch(() => '')));
  await visit.signUp();
  await visit.goTo('Secrets');
  await look(visit, 'secrets-empty');

  await visit.press('Add a secret');
  await visit.dialog.getByLabel('Name').fill('apiKey');
  await visit.dialog.getByLabel('Value').fill(FIRST);
  assert.equal(await visit.dialog.getByLabel('Value').getAttribute('type'), 'password');
  assert.equal(await visit.dialog.getByLabel('Value').getAttribute('autocomplete'), 'new-password');
  await look(visit, 'secrets-add');
  await visit.pressInDialog('Store');
  await visit.row('private.apiKey').waitFor();
  await look(visit, 'secrets');
  await isNowhere(visit, FIRST);

  await visit.press('Replace private.apiKey');
  assert.equal(await visit.dialog.getByLabel('New value').inputValue(), '');
  await visit.dialog.getByLabel('New value').fill(SECOND);
  await visit.pressInDialog('Replace');
  await visit.hears('private.apiKey was replaced.');
  await isNowhere(visit, SECOND);

  await visit.signOut();
  await visit.signIn();
  await visit.goTo('Secrets');
  await visit.press('Delete private.apiKey');
  await visit.pressInDialog('Delete');
  await visit.hears('private.apiKey was deleted.');
  assert.equal(await visit.row('private.apiKey').count(), 0);

  for (const answer of await Promise.all(answers)) {
    assert(!answer.includes(FIRST) && !answer.includes(SECOND), 'an answer held a secret');
  }
}

/** Whatever is hidden in the page must not be had by asking for it raw. */
async function isNowhere(visit, secret) {
  assert(!(await visit.page.content()).includes(secret), 'the page holds a secret');
  const { person } = await visit.tokens();
  const of = `/v1/ibexsafe/userdata/external/${person}`;
  const reads = [
    await visit.raw('GET', of),
    await visit.raw('GET', `${of}/export`),
    await visit.raw('POST', '/v1/ibexsafe/userdata', { body: JSON.stringify({ externalUserId: person, data: {} }) }),
    await visit.raw('GET', `${of}/private.apiKey`),
  ];
  for (const { text } of reads) assert(!text.includes(secret), 'the safe has given out a secret');
  assert(reads[1].text.includes('"writeOnly":["private.apiKey"]'));
}
