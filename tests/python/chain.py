"""Recomputes a history from what the server streamed, by the audit log format alone."""

import hashlib
import hmac
import json

from stock import compact

HEADER_KEYS = ["at", "chain", "def", "fields", "from", "kind", "n", "prev", "seq", "to", "v"]


def sha256(data):
    """SHA-256 of bytes."""
    return hashlib.sha256(data).digest()


def merkle_root(leaves):
    """MTH of RFC 6962 section 2.1."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + merkle_root(leaves[:split]) + merkle_root(leaves[split:]))


def commitment(field):
    """The commitment of a field: recomputed where it is opened, as given where it is masked."""
    if field.WhichOneof("slot") == "commitment":
        return bytes.fromhex(field.commitment)
    opened = field.opened
    assert compact(json.loads(opened.value_json)) == opened.value_json, opened.value_json
    opening = f"[{compact(opened.name)},{opened.value_json}]".encode()
    message = b"motcua/field/v1\n" + opening
    return hmac.new(bytes.fromhex(opened.salt), message, hashlib.sha256).digest()


def recompute(events):
    """Recomputes the chain; the hash of its last event, and how many fields were opened."""
    origin, chain = events[0].origin, events[0].chain
    previous = sha256(f"motcua/genesis/v1\n{origin}\n{chain}\n".encode())
    state, at, opened = None, "", 0
    for number, event in enumerate(events, start=1):
        header = json.loads(event.header)
        assert compact(header) == event.header and event.header.isascii(), event.header
        assert list(header) == HEADER_KEYS and header["v"] == 1, event.header
        assert (header["seq"], header["chain"]) == (number, chain), event.header
        assert (event.sequence, event.origin, event.chain) == (number, origin, chain)
        assert header["prev"] == previous.hex(), f"event {number} does not follow the one before"
        assert header["from"] == state and header["at"] >= at, event.header
        commitments = [commitment(field) for field in event.fields]
        assert header["n"] == len(commitments), event.header
        assert header["fields"] == merkle_root(commitments).hex(), f"fields of event {number}"
        names = [field.opened.name for field in event.fields if field.HasField("opened")]
        assert names == sorted(names), names
        previous = sha256(b"\x00" + event.header.encode())
        assert event.hash == previous.hex(), f"hash of event {number}"
        state, at, opened = header["to"], header["at"], opened + len(names)
    return previous.hex(), opened
