// All of it without a mouse: the order of what is focused, the focus that can be seen, dialogs that keep it and give it back.

import assert from 'node:assert/strict';

export async function tell(visit) {
  const { page } = visit;
  await visit.plugIn();
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Sign in with a passkey');
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Name of your passkey');
  await page.keyboard.press('Enter');
  await visit.isAt('Data');
  assert.equal(await focused(page), 'Data', 'a new screen is read from its heading');

  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Add an entry');
  await page.keyboard.press('Enter');
  await visit.dialog.waitFor();
  assert.equal(await focused(page), 'Name');
  await page.keyboard.type('city');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Value');
  await page.keyboard.type('Bergen');
  for (const _ of [1, 2]) await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Add');
  await page.keyboard.press('Enter');
  await visit.dialog.waitFor({ state: 'detached' });
  await visit.until('the focus is back', async () => (await focused(page)) === 'Add an entry');

  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Edit city');
  await page.keyboard.press('Enter');
  await visit.dialog.waitFor();
  assert.equal(await focused(page), 'Value');
  await page.keyboard.press('Escape');
  await visit.until('the focus is back', async () => (await focused(page)) === 'Edit city');

  // The row is gone with its button, and the focus is where it can be brought back.
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await visit.hears('city was deleted.');
  await visit.until('the focus is kept', async () => (await focused(page)) === 'Undo');
  await page.keyboard.press('Enter');
  await visit.hears('city is back.');
  await visit.until('the focus is kept', async () => (await focused(page)) === 'Add an entry');

  // From the top: past the sections, or through them.
  await page.reload();
  await visit.isAt('Data');
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Skip to the content');
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'Data');
  for (const screen of ['Secrets', 'Access', 'Account']) {
    await page.getByRole('link', { name: screen }).focus();
    await page.keyboard.press('Enter');
    await visit.isAt(screen);
    assert.equal(await focused(page), screen);
  }

  // What is focused can be seen, wherever it is.
  for (const element of await page.locator('a:visible, button:visible:enabled, input:visible').all()) {
    await element.focus();
    const outline = await element.evaluate((it) =>
      it.matches(':focus-visible') ? getComputedStyle(it).outlineStyle : 'unseen',
    );
    assert.equal(outline, 'solid', await focused(page));
  }
}

/** The name of what is focused, as it is read aloud. */
function focused(page) {
  return page.evaluate(() => {
    const it = document.activeElement;
    return it.getAttribute('aria-label') ?? it.labels?.[0]?.textContent ?? it.textContent;
  });
}
