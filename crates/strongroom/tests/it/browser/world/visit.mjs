// One person at one browser: Chromium, a page, and authenticators that are made of software (WebDriver's, by the DevTools
// protocol). It watches the page all along: an error on its console, a breach of its policy, a request or a socket to any other
// server, and the visit has failed.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

/** For whatever must happen: a guard against a hang, and no measure. */
const PATIENCE_MS = 30_000;

/** Debian's name, and those that others have for it. */
function browser() {
  const places = process.env.PATH.split(':');
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const found = names.flatMap((name) => places.map((place) => join(place, name))).find((path) => existsSync(path));
  assert(found, 'chromium is needed: install it and run this again');
  return found;
}

export class Visit {
  /** `safe`: the origin of the API, where it is not the page's. */
  static async begin({ origin, safe = origin, pictures, mail, moveClock }) {
    mkdirSync(pictures, { recursive: true });
    const sandbox = process.getuid() === 0 ? ['--no-sandbox'] : [];
    const chromiumItself = await chromium.launch({ executablePath: browser(), args: sandbox });
    return new Visit().come({ origin, safe, pictures, mail, moveClock, browser: chromiumItself, faults: [] });
  }

  /**
   * The same person at another machine: nothing is stored there, and no passkey. What goes wrong there counts here.
   *
   * `leadsTo`: where the page's address leads from this machine, for one that it does not have. `before` runs in the page before
   * anything of its own. `expected`: see `expects`.
   */
  async another({ origin = this.origin, ...how } = {}) {
    const { pictures, moveClock, browser, faults } = this;
    return new Visit().come({ origin, pictures, moveClock, browser, faults, ...how });
  }

  async come({ locale = 'en-GB', ...place }) {
    Object.assign(this, { safe: place.origin, authenticator: null, expected: null }, place);
    this.context = await this.browser.newContext({
      locale,
      viewport: { width: 1200, height: 860 },
      reducedMotion: 'reduce',
    });
    this.context.setDefaultTimeout(PATIENCE_MS);
    if (this.leadsTo) await this.lead(this.leadsTo);
    this.page = await this.context.newPage();
    await this.watch(this.page);
    if (this.before) await this.page.addInitScript(this.before);
    await this.page.goto(`${this.origin}/console`);
    return this;
  }

  /** Answers for the page's address from another, which has no tenant for that host. */
  async lead(to) {
    await this.context.route(`${this.origin}/**`, async (route) => {
      const { host, ...headers } = await route.request().allHeaders();
      const response = await route.fetch({ url: route.request().url().replace(this.origin, to), headers });
      await route.fulfill({ response });
    });
  }

  async watch(page) {
    page.on('pageerror', (error) => this.faults.push(`an error in the page: ${error.stack}`));
    page.on('console', (message) => {
      // The browser notes each answer of the API that is a refusal. Refusals are part of the stories.
      const isRefusal = message.text().startsWith('Failed to load resource: the server responded with a status of 4');
      const isOfTheApi = message.location().url.startsWith(`${this.safe}/v1`);
      const isExpected = this.expected !== null && message.text().includes(this.expected);
      if (!((isRefusal && isOfTheApi) || isExpected))
        this.faults.push(`on the console: ${message.type()}: ${message.text()}`);
    });
    page.on('request', (request) => {
      const { origin } = new URL(request.url());
      if (
        ![this.origin, this.safe].includes(origin) &&
        request.url() !== 'about:blank' &&
        !request.url().startsWith(`blob:${this.origin}/`)
      ) {
        this.faults.push(`a request to another server: ${request.url()}`);
      }
    });
    page.on('websocket', (socket) => {
      if (socket.url() !== `${this.safe.replace(/^http/, 'ws')}/ws`) this.faults.push('a socket to another address');
    });
    page.on('requestfailed', (request) => {
      // Leaving a page ends what it was asking for.
      const why = request.failure()?.errorText;
      if (why !== 'net::ERR_ABORTED') this.faults.push(`a request without an answer: ${why}`);
    });
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) =>
        console.error(`policy: ${event.violatedDirective}: ${event.blockedURI}`),
      );
    });
  }

  /** What the browser may note on its console from here on, since the story makes it so. */
  expects(text) {
    this.expected = text;
  }

  /** Plugs in an authenticator with nothing on it, in the place of another. */
  async plugIn() {
    await this.unplug();
    this.devtools = await this.context.newCDPSession(this.page);
    await this.devtools.send('WebAuthn.enable');
    const options = {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
    };
    const { authenticatorId } = await this.devtools.send('WebAuthn.addVirtualAuthenticator', { options });
    this.authenticator = authenticatorId;
  }

  /** The passkeys on the authenticator, with their counters as they are now. */
  async passkeys() {
    const { credentials } = await this.devtools.send('WebAuthn.getCredentials', {
      authenticatorId: this.authenticator,
    });
    return credentials;
  }

  /** Unplugs the authenticator, if there is one; gives the passkeys that were on it. */
  async unplug() {
    if (this.authenticator === null) return [];
    const credentials = await this.passkeys();
    await this.devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: this.authenticator });
    this.authenticator = null;
    return credentials;
  }

  /** Puts back passkeys that an authenticator held when it was unplugged. */
  async putBack(credentials) {
    for (const credential of credentials) {
      await this.devtools.send('WebAuthn.addCredential', { authenticatorId: this.authenticator, credential });
    }
  }

  /** Whether the authenticator finds that it is its owner. */
  async isOwner(isUserVerified) {
    await this.devtools.send('WebAuthn.setUserVerified', { authenticatorId: this.authenticator, isUserVerified });
  }

  /** Signs up with a passkey, on a new authenticator. */
  async signUp() {
    await this.plugIn();
    await this.press('Create an account');
    await this.isAt('Data');
  }

  /** Signs in: with what is plugged in, or with these passkeys on a new authenticator. */
  async signIn(credentials = null) {
    if (credentials !== null) {
      await this.plugIn();
      await this.putBack(credentials);
    }
    await this.press('Sign in with a passkey');
    await this.isAt('Data');
  }

  async signOut() {
    await this.press('Sign out');
    await this.isAtTheDoor();
  }

  /** Goes to a screen, and is there. */
  async goTo(screen) {
    await this.page.getByRole('navigation').getByRole('link', { name: screen, exact: true }).click();
    await this.isAt(screen);
  }

  async isAt(screen) {
    await this.page.getByRole('heading', { level: 1, name: screen, exact: true }).waitFor();
    await this.page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
  }

  /** The page follows what happens elsewhere. */
  async isLive() {
    await this.page.getByRole('status').getByText('Live', { exact: true }).waitFor();
  }

  /** Nothing is told to the page any more: the sockets that it opens from here on, or until it is loaded again, say nothing. */
  async tellsNothing() {
    await this.page.evaluate(() => {
      window.Told = window.WebSocket;
      window.WebSocket = class extends EventTarget {
        static OPEN = 1;
        readyState = 0;
        close() {}
      };
    });
  }

  /** And sockets are sockets again. */
  async tellsAgain() {
    await this.page.evaluate(() => (window.WebSocket = window.Told));
  }

  async isAtTheDoor() {
    await this.page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
  }

  press(name, within = this.page) {
    return within.getByRole('button', { name, exact: true }).click();
  }

  get dialog() {
    return this.page.getByRole('dialog');
  }

  /** What is filled into a dialog, whatever its kind. */
  get value() {
    return this.dialog.getByLabel('Value').filter({ visible: true });
  }

  /** A dialog that does its work is gone when it is done. */
  async pressInDialog(name) {
    await this.press(name, this.dialog);
    await this.dialog.waitFor({ state: 'detached' });
  }

  /** Until the page says so, at its foot or in a form. */
  async hears(text) {
    await this.page.locator('[role="status"], [role="alert"]').getByText(text).first().waitFor();
  }

  /** The row of a list in which this text stands. */
  row(text) {
    return this.page.getByRole('listitem').filter({ hasText: text });
  }

  /** Until something is so: polled, and bounded. */
  async until(what, isSo) {
    const end = Date.now() + PATIENCE_MS;
    while (!(await isSo())) {
      assert(Date.now() < end, `it never came true that ${what}`);
      await this.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
    }
  }

  /** Who the page has signed in: what its own module knows, for asking the safe past the page. */
  async tokens() {
    return this.page.evaluate(async () => {
      const session = await import('/console/session.js');
      return { person: session.person(), access: session.accessToken() };
    });
  }

  /** Asks the safe past the page, with the page's own token or another. */
  async raw(method, path, { body, access, headers = {} } = {}) {
    const token = access ?? (await this.tokens()).access;
    const answer = await fetch(`${this.origin.replace('localhost', '127.0.0.1')}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        'X-RpId': 'localhost',
        ...(body ? { 'Content-Type': 'application/json' } : {}),
        ...headers,
      },
      body,
    });
    const text = await answer.text();
    return { status: answer.status, text, code: text.startsWith('{') ? JSON.parse(text).code : undefined };
  }

  /** Writes past the page, as another program would. */
  async write(data) {
    const { person } = await this.tokens();
    const body = JSON.stringify({ externalUserId: person, data });
    const answer = await this.raw('POST', '/v1/ibexsafe/userdata', { body });
    assert.equal(answer.status, 200);
  }

  /** What the safe has that can be read. */
  async record() {
    const { person } = await this.tokens();
    const { text } = await this.raw('GET', `/v1/ibexsafe/userdata/external/${person}`);
    return text === '' ? {} : JSON.parse(text);
  }

  async picture(name) {
    await this.page.screenshot({ path: join(this.pictures, `${name}.png`) }).catch(() => {});
  }

  /** Fails if the page has done what it must never do. */
  judge() {
    assert.deepEqual(this.faults, []);
  }

  async end() {
    await this.browser.close();
  }
}
