// An access token that has expired is renewed without a word, once, whatever asks; a session that has ended is said so. Both when
// the page asks for something, and when it does not and is told.

import assert from 'node:assert/strict';
import { look } from '../looks.mjs';

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

export async function tell(visit) {
  const { page } = visit;
  let renewals = 0;
  let refusals = 0;
  page.on('request', (request) => (renewals += request.url().endsWith('/auth/refresh') ? 1 : 0));
  page.on('response', (response) => (refusals += response.status() === 401 ? 1 : 0));
  await visit.tellsNothing();
  await visit.signUp();
  await visit.write({ 'optin.newsletter': false });
  await visit.goTo('Secrets');
  await visit.goTo('Data');

  const old = await visit.tokens();
  await visit.moveClock(2 * HOUR_S);
  const expired = await visit.raw('GET', `/v1/ibexsafe/userdata/external/${old.person}`, { access: old.access });
  assert.deepEqual([expired.status, expired.code], [401, 'token_invalid']);
  const newsletter = page.getByRole('switch', { name: 'Newsletter' });
  await newsletter.click();
  await visit.until('the write has gone through', async () => (await visit.record())['optin.newsletter'] === true);
  assert.deepEqual([renewals, refusals], [1, 1]);

  // Two lists are asked for at once: one renewal is enough for both, and a second would end the session.
  await visit.moveClock(4 * HOUR_S);
  await visit.goTo('Access');
  await visit.row('Since').waitFor();
  assert.equal(renewals, 2);
  assert.equal(JSON.parse((await visit.raw('GET', '/v1/auth/sessions')).text).sessions.length, 1);

  // Away for days: the refresh token has lapsed, too.
  await visit.moveClock(4 * HOUR_S + 3 * DAY_S);
  await page.getByRole('link', { name: 'Data' }).click();
  await visit.hears('Your session has ended. Sign in again to go on.');
  await visit.isAtTheDoor();
  await look(visit, 'door-ended');

  // Nothing is asked, and the page is told that its token is good no more.
  await visit.tellsAgain();
  await visit.signIn();
  await visit.isLive();
  const before = renewals;
  await visit.moveClock(6 * HOUR_S + 3 * DAY_S);
  await visit.until('the token is renewed', () => renewals === before + 1);
  await visit.isLive();

  // By the page's own clock it has had its time, and nobody has touched the page meanwhile: the session is not kept alive for nobody.
  await page.clock.setSystemTime(Date.now() + 2 * HOUR_S * 1000);
  await visit.moveClock(8 * HOUR_S + 3 * DAY_S);
  await page.getByText('Not live').waitFor();
  assert.equal(renewals, before + 1);
  await page.keyboard.press('Shift');
  await visit.isLive();
  assert.equal(renewals, before + 2);
  await visit.write({ 'optin.newsletter': false });
  await visit.until('the switch has followed', async () => !(await newsletter.isChecked()));
  await visit.moveClock(8 * HOUR_S + 6 * DAY_S);
  await visit.hears('Your session has ended. Sign in again to go on.');
  await visit.isAtTheDoor();
  await visit.signIn();
  await visit.row('optin.newsletter').waitFor();

  // A safe that does not answer ends nothing: the page says so, and goes on when it does.
  await page.route('**/v1/**', (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      body: '{"message":"Too busy: try again shortly."}',
    }),
  );
  visit.expects('the server responded with a status of 503');
  await page.reload();
  await page.getByText('Try again').last().waitFor();
  await look(visit, 'no-answer');
  await page.unrouteAll({ behavior: 'wait' });
  await visit.press('Try again');
  await visit.row('optin.newsletter').waitFor();
}
