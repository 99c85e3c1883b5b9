// Another page than the console, of another registered origin: plain `fetch`, JSON as the browser makes it, a token sent along
// wherever it is asked, and no word of which tenant it is. Told by `elsewhere.rs`, which looks for the preflights afterwards.

import assert from 'node:assert/strict';

export async function tell(visit) {
  const { page } = visit;
  await visit.plugIn();
  let token = 'none-yet';
  const ask = (method, path, body, headers = {}) =>
    page.evaluate(inThePage, { url: `${visit.safe}/v1/${path}`, method, token, body, headers });
  const asked = async (...request) => {
    const answer = await ask(...request);
    assert.equal(answer.status, 200, `${request[1]}: ${answer.json?.code}`);
    return answer;
  };

  const creation = await asked('GET', 'auth/sign-up?userName=Jane&keyName=phone');
  const made = await page.evaluate(make, creation.json.credentialRequestOptions);
  const signedUp = (await asked('POST', 'auth/sign-up', { credential: made })).json;
  const person = signedUp.subject;
  assert.deepEqual([signedUp.authMethod, signedUp.hasPasskey, 'userdata' in signedUp], ['PASSKEY', true, false]);

  const signIn = async () => {
    const request = await asked('GET', 'auth/sign-in');
    const used = await page.evaluate(use, request.json.credentialRequestOptions);
    const answer = (await asked('POST', 'auth/sign-in', { credential: used, includeUserdata: true })).json;
    assert.equal(answer.subject, person);
    token = answer.access_token;
    return answer;
  };
  assert.deepEqual((await signIn()).userdata, {});

  const data = { language: 'en', 'optin.newsletter': true };
  const write = { externalUserId: person, data: { ...data, 'private.apiKey': 'not-to-be-seen' } };
  const written = await asked('POST', 'ibexsafe/userdata', write);
  assert.deepEqual(written.json, { success: true });
  const read = await asked('GET', `ibexsafe/userdata/external/${person}`);
  assert.deepEqual(read.json, data);
  assert(read.etag !== null && read.etag === written.etag, 'the page reads the ETag of both');
  // Headers that a page has to be allowed to send.
  const other = { externalUserId: person, data: { language: 'de' } };
  const isOld = await ask('POST', 'ibexsafe/userdata', other, { 'If-None-Match': '*', 'X-Request-Id': 'of-the-page' });
  assert.deepEqual([isOld.status, isOld.json.code, isOld.id], [412, 'precondition_failed', 'of-the-page']);
  await asked('POST', 'ibexsafe/userdata', other, { 'If-Match': read.etag });

  const back = await signIn();
  assert.deepEqual(back.userdata, { ...data, language: 'de' });
  const renewed = (await asked('POST', 'auth/refresh', { refresh_token: back.refresh_token })).json;
  assert.equal(renewed.subject, person);
  token = renewed.access_token;
  await asked('POST', 'auth/sign-out');

  // A refusal can be read as well, and says why.
  const refused = await ask('GET', `ibexsafe/userdata/external/${person}`);
  assert.deepEqual([refused.status, refused.json.code], [401, 'token_invalid']);
  assert.equal(refused.authenticate, 'Bearer error="invalid_token"');
}

// What follows runs in the page.

async function inThePage({ url, method, token, body, headers }) {
  const json = body === undefined ? {} : { 'Content-Type': 'application/json' };
  const answer = await fetch(url, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...json, ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    etag: answer.headers.get('ETag'),
    id: answer.headers.get('X-Request-Id'),
    authenticate: answer.headers.get('WWW-Authenticate'),
    json: text === '' ? null : JSON.parse(text),
  };
}

async function make(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({ publicKey })).toJSON();
}

async function use(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({ publicKey })).toJSON();
}
