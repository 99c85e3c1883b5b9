// Data by kind: added, changed, switched, deleted and brought back; and what the safe refuses, by the page and without it.

import assert from 'node:assert/strict';
import { look } from '../looks.mjs';

/** Around everything that makes a number exact or not. */
const NUMBERS = [
  ...[
    '0',
    '-0',
    '0.0',
    '1',
    '1.0',
    '1e0',
    '1E+2',
    '100',
    '0.1',
    '1.10',
    '-12.5',
    '5e-324',
    '1e-323',
    '1e-400',
    '2e308',
  ],
  ...[
    '9007199254740991',
    '9007199254740992',
    '9007199254740993',
    '9007199254740994',
    '18014398509481984',
    '1e21',
    '1e23',
  ],
  ...['123456789012345678', '123456789012345680', '0.30000000000000004', '0.3000000000000000', '0.30000000000000001'],
  ...[
    '1.7976931348623157e308',
    '1.7976931348623158e308',
    '1.7976931348623159e308',
    '0e999999999999',
    '1e-999999999999',
  ],
  ...[
    '0.000001',
    '0.0000001',
    '1000000000000000000000',
    '4.35',
    '4.349999999999999',
    '4.3500000000000005',
    '4.35000000000000053',
  ],
];

export async function tell(visit) {
  const { page } = visit;
  await visit.signUp();

  await add(visit, 'language', 'Text', (value) => value.fill('en'));
  await add(visit, 'height', 'Number', (value) => value.fill('1.80'));
  await add(visit, 'optin.newsletter', 'Switch', (value) => value.check());
  await add(visit, 'street', 'Text', (value) => value.fill('12 Harbour Row\nFlat 3 <b>"'));
  const street = '12 Harbour Row\nFlat 3 <b>"';
  assert.deepEqual(await visit.record(), { height: 1.8, language: 'en', 'optin.newsletter': true, street });
  await visit.row('street').getByText(street).waitFor();
  await look(visit, 'data');

  // A permission is one press, and keeps its place.
  const newsletter = page.getByRole('switch', { name: 'Newsletter' });
  await newsletter.click();
  await visit.until('the permission is taken back', async () => (await visit.record())['optin.newsletter'] === false);
  await visit.until('the switch can be used again', () => newsletter.isEnabled());
  assert.equal(await newsletter.isChecked(), false);

  // Edited, with its kind changed.
  await visit.press('Edit language');
  await look(visit, 'data-change');
  await visit.dialog.getByText('Number', { exact: true }).click();
  await visit.value.fill('7');
  await visit.pressInDialog('Save');
  assert.equal((await visit.record()).language, 7);

  // Deleted, and brought back as it was.
  await visit.press('Delete language');
  await visit.hears('language was deleted.');
  assert.equal('language' in (await visit.record()), false);
  await look(visit, 'data-undo');
  await visit.press('Undo');
  await visit.hears('language is back.');
  assert.equal((await visit.record()).language, 7);

  // What the safe would refuse.
  await visit.press('Edit height');
  for (const [typed, sentence] of [
    ['9007199254740993', 'This number cannot be kept exactly.'],
    ['0.1000000000000000055', 'This number cannot be kept exactly.'],
    ['1e999', 'This number cannot be kept exactly.'],
    ['1,5', 'That is no number'],
    ['', 'That is no number'],
  ]) {
    await visit.value.fill(typed);
    await visit.press('Save', visit.dialog);
    await visit.hears(sentence);
  }
  await look(visit, 'data-refused');
  await visit.pressInDialog('Cancel');
  const { person } = await visit.tokens();
  const refused = async (data) => {
    const { status, code } = await visit.raw('POST', '/v1/ibexsafe/userdata', {
      body: `{"externalUserId":"${person}","data":${data}}`,
    });
    return [status, code];
  };
  assert.deepEqual(await refused('{"height":9007199254740993}'), [400, 'number_inexact']);
  assert.deepEqual(await refused('{"Private.pin":"1"}'), [400, 'key_looks_private']);
  assert.deepEqual(await refused('{"a name":"1"}'), [400, 'key_refused']);
  assert.deepEqual(await refused('{"a":[1]}'), [400, 'json_nested']);

  // The page's own judgement of a number is the safe's.
  for (const number of NUMBERS) {
    const isExact = await page.evaluate(async (text) => (await import('/console/values.js')).isExact(text), number);
    const isTaken = (await refused(`{"height":${number}}`))[0] === 200;
    assert.equal(isExact, isTaken, number);
  }
  await page.reload();
  await visit.isAt('Data');

  await visit.press('Add an entry');
  for (const [typed, sentence] of [
    ['', 'Give it a name.'],
    ['a name', 'A name has plain letters'],
    ['Private.pin', 'belongs among the secrets'],
    ['height', 'There is an entry of this name already.'],
  ]) {
    await visit.dialog.getByLabel('Name').fill(typed);
    await visit.press('Add', visit.dialog);
    await visit.hears(sentence);
  }
  // And what only the safe refuses: its own sentence, and its limit.
  await visit.dialog.getByLabel('Name').fill('long');
  await visit.value.fill('x'.repeat(9000));
  await visit.press('Add', visit.dialog);
  await visit.hears('A string is too long.');
  await visit.pressInDialog('Cancel');

  // Changed elsewhere meanwhile: nothing is overwritten, and what there is now is shown.
  await visit.press('Edit height');
  await visit.write({ height: 2, city: 'Bergen' });
  await visit.value.fill('3');
  await visit.pressInDialog('Save');
  await visit.hears('changed somewhere else');
  await visit.row('city').getByText('Bergen').waitFor();
  assert.equal((await visit.record()).height, 2);
  await visit.press('Edit height');
  await visit.value.fill('3');
  await visit.pressInDialog('Save');
  assert.equal((await visit.record()).height, 3);
}

async function add(visit, name, kind, fill) {
  await visit.press('Add an entry');
  await visit.dialog.getByLabel('Name').fill(name);
  await visit.dialog.getByText(kind, { exact: true }).click();
  await fill(visit.value);
  await visit.pressInDialog('Add');
  await visit.hears(`${name} was added.`);
}
