"""Makes and verifies JSON Web Tokens with PyJWT, knowing nothing of the service that they are for.

`make` reads a list of orders, `verify` a list of tokens and where the keys are; both answer in JSON, in the same order.
"""

import json
import sys

import jwt


def make(orders):
    tokens = []
    for order in orders:
        with open(order["key_file"], "rb") as file:
            key = file.read()
        tokens.append(jwt.encode(order["claims"], key, algorithm=order["algorithm"], headers=order["header"]))
    return tokens


def verify(question):
    key_set = jwt.PyJWKClient(question["key_set"])

    def claims(token):
        try:
            return jwt.decode(
                token,
                key_set.get_signing_key_from_jwt(token),
                algorithms=["EdDSA"],
                issuer=question["issuer"],
                audience=question["audience"],
                options={"require": ["exp", "iat", "sub"]},
            )
        except jwt.InvalidSignatureError:
            return None

    return [claims(token) for token in question["tokens"]]


task = {"make": make, "verify": verify}[sys.argv[1]]
json.dump(task(json.load(sys.stdin)), sys.stdout)
