// A browser that does not turn passkeys into JSON by itself: the page does.

import assert from 'node:assert/strict';

export async function tell(visit) {
  const older = await visit.another({
    before: () => {
      delete PublicKeyCredential.parseCreationOptionsFromJSON;
      delete PublicKeyCredential.parseRequestOptionsFromJSON;
      delete PublicKeyCredential.prototype.toJSON;
    },
  });
  await older.signUp();
  await older.write({ language: 'en' });
  const { person } = await older.tokens();
  await older.signOut();
  await older.signIn();
  assert.equal((await older.tokens()).person, person);
  await older.row('language').waitFor();
}
