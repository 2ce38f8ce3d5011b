"""Verifies an export of the audit trail from nothing but the published format (docs/audit.md).

Usage: python audit.py KEY < trail.ndjson. Prints {"links", "checkpoints", "personal", "expired", "root"} as JSON.
Ends with a message and status 1 when something is not as it was sealed.
"""

import base64
import hashlib
import hmac
import json
import sys
import uuid

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def fail(message):
    sys.exit(f"TAMPERED: {message}")


def read_key(text):
    """The raw key in <name>+<id>+<base64 of a byte 1 and the key>."""
    name, key_id, encoded = text.split("+", 2)
    typed = base64.b64decode(encoded)
    if typed[0] != 1 or sha256(name.encode(), b"\n", typed)[:4].hex() != key_id:
        sys.exit("not a key")
    return typed[1:]


def open_checkpoint(note, key):
    """Origin, size and root of a note that the key has signed."""
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    origin, size, root = text.split("\n")[:3]
    key_id = sha256(origin.encode(), b"\n\x01", key)[:4]
    for line in signatures.splitlines():
        dash, name, blob = line.split(" ")
        blob = base64.b64decode(blob)
        if dash == "\u2014" and name == origin and blob[:4] == key_id:
            try:
                Ed25519PublicKey.from_public_bytes(key).verify(blob[4:], text.encode())
                return origin, int(size), base64.b64decode(root)
            except InvalidSignature:
                break
    fail(f"a checkpoint of size {size} is not signed by the key")


class Tree:
    """The Merkle tree of RFC 6962: the roots of its complete subtrees, each with its number of leaves."""

    def __init__(self):
        self.peaks = []

    def push(self, leaf):
        self.peaks.append((1, leaf))
        while len(self.peaks) > 1 and self.peaks[-1][0] == self.peaks[-2][0]:
            (_, left), (size, right) = self.peaks[-2:]
            self.peaks[-2:] = [(2 * size, sha256(b"\x01", left, right))]

    def root(self):
        *others, root = [root for _, root in self.peaks] or [sha256()]
        for left in reversed(others):
            root = sha256(b"\x01", left, root)
        return root


def check_personal(event, shown, seq):
    """Format 2: the event holds commitments, HMAC-SHA-256 of path, a byte 0 and value. Each value shown must fit."""
    if event.get("format", 1) not in (1, 2):
        sys.exit(f"link {seq} has a format that this script does not know")
    for value in shown:
        place = event
        for step in value["path"].split("/")[1:]:
            place = place[int(step) if isinstance(place, list) else step]
        message = b"\0".join((value["path"].encode(), value["value"].encode()))
        if place != {"c": hmac.new(bytes.fromhex(value["salt"]), message, "sha256").hexdigest()}:
            fail(f"link {seq}: {value['path']} was something else than what is shown")
    return len(shown)


class Expired(Tree):
    """The bodies that one event of retention accounts for: together they make its root."""
    first = last = gone = count = 0

    def take(self, seq, leaf, is_gone):
        self.push(leaf)
        self.first, self.last = self.first or seq, seq
        self.gone, self.count = self.gone + is_gone, self.count + 1

    def insist(self, *said):
        if self.gone and said != (self.first, self.last, self.count, self.root().hex()):
            fail(f"a body is gone that did not expire, one of the links {self.first} to {self.last}")
        return self.gone


def main():
    key, lines = read_key(sys.argv[1]), sys.stdin.buffer
    manifest = json.loads(next(lines))
    if manifest["format"] not in ("ashlar.audit.export/1", "ashlar.audit.export/2"):
        sys.exit("not an export")
    tenant = uuid.UUID(manifest["tenant"])
    checkpoints = [open_checkpoint(note, key) for note in manifest["checkpoints"]]
    checkpoints = {size: root for origin, size, root in checkpoints if origin.endswith(f"/audit/{tenant}")}

    tree, seq, prev, agreed, personal, expiring, expired = Tree(), 0, bytes(32), 0, 0, {}, 0
    for line in lines:
        row = json.loads(line)
        if "links" in row:
            break
        seq += 1
        event, leaf = row.get("event"), bytes.fromhex(row["leaf"])
        if event is not None:
            # Between the name of the member and the brace that closes the line: the bytes that were hashed.
            leaf = sha256(b"\x00", line.rstrip(b"\n").split(b'"event":', 1)[1][:-1])
        elif "expired" not in row:
            fail(f"link {seq} has no event")
        link = sha256(b"\x02", tenant.bytes, seq.to_bytes(8, "big"), prev, leaf)
        found = [row[member] for member in ("seq", "prev", "leaf", "hash")]
        if found != [seq, prev.hex(), leaf.hex(), link.hex()] or (event and event["tenant"] != str(tenant)):
            fail(f"link {seq}, event {event and event.get('id')}")
        if "expired" in row:
            expiring.setdefault(row["expired"], Expired()).take(seq, leaf, event is None)
        if event is not None:
            personal += check_personal(event, row.get("personal", []), seq)
            if event["name"] == "audit.retention.applied" and event["id"] in expiring:
                said = map(event["data"].get, ("from_seq", "to_seq", "count", "root"))
                expired += expiring.pop(event["id"]).insist(*said)
        prev = link
        tree.push(leaf)
        if seq in checkpoints:
            if checkpoints[seq] != tree.root():
                fail(f"the checkpoint of size {seq} is about another trail")
            agreed += 1
    else:
        fail("the export has no end")
    if row["links"] != seq or any(size > seq for size in checkpoints):
        fail(f"the trail ends after link {seq}")
    for bodies in expiring.values():
        bodies.insist()
    counts = {"links": seq, "checkpoints": agreed, "personal": personal, "expired": expired}
    print(json.dumps({**counts, "root": tree.root().hex()}))


main()
