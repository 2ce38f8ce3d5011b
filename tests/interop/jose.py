"""Verifies an access token with joserfc, which is Python over OpenSSL, from nothing but the public key set.

Standard input: {"jwks", "token", "others", "algorithm", "issuer", "audience"}. Standard output: {"header", "claims",
"thumbprint", "others"}: which of the other tokens are good as well.
Ends with a message and status 1 when a good token is refused or a spoiled one is not.
"""

import json
import sys

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

given = json.load(sys.stdin)
keys = KeySet.import_key_set(given["jwks"])
rules = jwt.JWTClaimsRegistry(
    leeway=5,
    iss={"essential": True, "value": given["issuer"]},
    aud={"essential": True, "value": given["audience"]},
    **{name: {"essential": True} for name in ("exp", "nbf", "iat", "sub", "sid", "jti")},
)


def verified(token, algorithm=given["algorithm"]):
    decoded = jwt.decode(token, keys, algorithms=[algorithm])
    rules.validate(decoded.claims)
    return decoded


def is_good(token, algorithm=given["algorithm"]):
    try:
        verified(token, algorithm)
    except (JoseError, ValueError):
        return False
    return True


def spoiled():
    """The same token with one character of each part changed, without its signature, and by another algorithm."""
    parts = given["token"].split(".")
    for index in range(3):
        part = parts[index]
        # Not the last character: some of its bits may stand for nothing.
        middle = len(part) // 2
        other = "A" if part[middle] != "A" else "B"
        changed = part[:middle] + other + part[middle + 1 :]
        yield ".".join(parts[:index] + [changed] + parts[index + 1 :]), given["algorithm"]
    yield f"{parts[0]}.{parts[1]}.", given["algorithm"]
    yield given["token"], "HS256"


good = verified(given["token"])
for token, algorithm in spoiled():
    if is_good(token, algorithm):
        sys.exit(f"a spoiled token was taken for good: {token}")

key = keys.get_by_kid(good.header["kid"])
others = [is_good(token) for token in given["others"]]
found = {"header": good.header, "claims": good.claims, "thumbprint": key.thumbprint(), "others": others}
json.dump(found, sys.stdout)
