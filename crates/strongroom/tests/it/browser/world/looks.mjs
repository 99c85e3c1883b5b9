// How a screen looks, by day, by night and on a phone: a picture of each is kept, axe finds nothing serious in it, and nothing of it
// is wider than the page.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const MODES = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1200, height: 860 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1200, height: 860 } },
  { name: 'phone-light', colorScheme: 'light', viewport: { width: 360, height: 740 } },
  { name: 'phone-dark', colorScheme: 'dark', viewport: { width: 360, height: 740 } },
  // The narrowest there is to be, which is also a page of 1280 at four times its size (WCAG 1.4.10).
  { name: 'narrow', colorScheme: 'light', viewport: { width: 320, height: 640 } },
];

/** Looks at what is shown now. */
export async function look({ page, pictures }, screen) {
  for (const { name, colorScheme, viewport } of MODES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize(viewport);
    await page.screenshot({ path: join(pictures, `${screen}-${name}.png`), animations: 'disabled' });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert(width <= viewport.width, `${screen}, ${name}: ${width} px wide`);
    const found = await violations(page);
    assert.deepEqual(found, [], `${screen}, ${name}`);
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.setViewportSize(MODES[0].viewport);
}

async function violations(page) {
  // By the debugger, which the page's policy does not bind.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  const { violations: all } = await page.evaluate(() => window.axe.run());
  return all
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`,
    );
}
