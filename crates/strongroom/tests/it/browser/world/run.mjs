// Tells one story in a browser: `node run.mjs STORY`. What it needs to know stands in the environment: ORIGIN, the page's, which is
// the safe's own under the name `localhost`; SAFE, the safe's, where that is another; PICTURES, a directory for them; MAIL, where
// the safe's mails are.
//
// It talks to the test that started it by lines: `clock SECONDS` moves the safe's clock, and is answered by a line once it is moved.

import { createInterface } from 'node:readline';
import { Visit } from './visit.mjs';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function moveClock(seconds) {
  process.stdout.write(`clock ${seconds}\n`);
  await lines.next();
}

const name = process.argv[2];
const { tell } = await import(`./stories/${name}.mjs`);
const visit = await Visit.begin({
  origin: process.env.ORIGIN,
  safe: process.env.SAFE,
  pictures: process.env.PICTURES,
  mail: process.env.MAIL,
  moveClock,
});
try {
  await tell(visit);
  visit.judge();
} catch (error) {
  console.error(error);
  await visit.picture('where-it-ended');
  process.exitCode = 1;
} finally {
  await visit.end();
  process.stdin.destroy();
}
