// Makes and verifies JSON Web Tokens with jose, knowing nothing of the service that they are for.
//
// `make` reads a list of orders, `verify` a list of tokens and where the keys are; both answer in JSON, in the same order.

import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { SignJWT, createRemoteJWKSet, errors, importPKCS8, jwtVerify } from 'jose';

async function make(orders) {
  return Promise.all(orders.map(async ({ algorithm, key_file, header, claims }) => {
    const file = await readFile(key_file);
    const key = algorithm.startsWith('HS') ? file : await importPKCS8(file.toString(), algorithm);
    return new SignJWT(claims).setProtectedHeader({ ...header, alg: algorithm }).sign(key);
  }));
}

async function verify({ key_set, issuer, audience, tokens }) {
  const keys = createRemoteJWKSet(new URL(key_set));
  const demands = { issuer, audience, algorithms: ['EdDSA'], typ: 'at+jwt', requiredClaims: ['exp', 'iat', 'sub'] };
  return Promise.all(tokens.map(async (token) => {
    try {
      return (await jwtVerify(token, keys, demands)).payload;
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) return null;
      throw error;
    }
  }));
}

const task = { make, verify }[process.argv[2]];
process.stdout.write(JSON.stringify(await task(JSON.parse(await text(process.stdin)))));
