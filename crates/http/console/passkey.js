// Passkeys: asks the browser to make one or to use one, in the words of the API. Knows no account and keeps nothing.

import { fromBase64url, toBase64url } from './base64url.js';
import { Refused } from './refused.js';

/** Why passkeys cannot be used on this page, as a sentence; or nothing. */
export function obstacle() {
  const { hostname, port, protocol } = window.location;
  if (isLoopback(hostname)) {
    const name = `${protocol}//localhost${port ? `:${port}` : ''}${window.location.pathname}`;
    return { sentence: 'Passkeys belong to a name, and this page was opened by an address.', name };
  }
  if (/^[\d.]+$|^\[/.test(hostname)) {
    // Which name it has there, this page cannot know.
    return {
      sentence:
        'Passkeys belong to a name, and this page was opened by an address. Open it by the name that it is registered under.',
    };
  }
  return window.PublicKeyCredential
    ? null
    : { sentence: 'This browser knows no passkeys, or the page was not opened over https.' };
}

/** Whether this address is of the very machine that the browser runs on. Browsers write all forms of it in these two. */
export function isLoopback(hostname) {
  return /^127\.\d+\.\d+\.\d+$|^\[::1\]$/.test(hostname);
}

/** Makes a passkey for what `GET …/auth/sign-up` has answered; gives the credential as JSON. */
export async function make(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON?.(options) ?? {
    ...options,
    challenge: fromBase64url(options.challenge),
    user: { ...options.user, id: fromBase64url(options.user.id) },
    excludeCredentials: [],
  };
  return asJson(await asked(() => navigator.credentials.create({ publicKey })));
}

/** Uses a passkey for what `GET …/auth/sign-in` has answered; gives the credential as JSON. */
export async function use(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON?.(options) ?? {
    ...options,
    challenge: fromBase64url(options.challenge),
    allowCredentials: [],
  };
  return asJson(await asked(() => navigator.credentials.get({ publicKey })));
}

const SENTENCES = {
  NotAllowedError: 'No passkey was used: you cancelled, or it took too long. You can try again.',
  AbortError: 'No passkey was used: the request was stopped. You can try again.',
  InvalidStateError: 'This device already keeps a passkey of this account.',
  SecurityError: 'Passkeys do not work under the address of this page.',
  NotSupportedError: 'This device cannot make such a passkey.',
  ConstraintError: 'This device cannot make such a passkey: it must be able to check that it is you.',
};

async function asked(ask) {
  try {
    return await ask();
  } catch (error) {
    throw new Refused(SENTENCES[error.name] ?? 'The browser could not use a passkey.');
  }
}

function asJson(credential) {
  if (credential.toJSON) return credential.toJSON();
  const { response } = credential;
  const json = { clientDataJSON: toBase64url(response.clientDataJSON) };
  for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (response[name]) json[name] = toBase64url(response[name]);
  }
  if (response.getTransports) json.transports = response.getTransports();
  return {
    id: credential.id,
    rawId: toBase64url(credential.rawId),
    type: credential.type,
    response: json,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}
