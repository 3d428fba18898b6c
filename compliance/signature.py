"""Ed25519 signatures in a DSSE envelope, the form in which in-toto statements are signed.

A key's id is the SHA-256 of its public part in DER (SubjectPublicKeyInfo), so that
`openssl pkey -pubin -in FILE -outform DER | sha256sum` prints it.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from policies import disk
from policies.errors import InputError
from policies.json_reader import Reader

PAYLOAD_TYPE = "application/vnd.in-toto+json"
_MAX_KEY_BYTES = 64 * 1024


@dataclass(frozen=True)
class PublicKey:
    """The public half of an Ed25519 key; `pem` is its text as OpenSSL writes it."""

    key: Ed25519PublicKey

    @property
    def pem(self) -> str:
        """PEM, SubjectPublicKeyInfo."""
        return self.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")

    @property
    def id(self) -> str:
        """SHA-256 of the key in DER, in hexadecimal digits."""
        return hashlib.sha256(self.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()

    def has_signed(self, payload: bytes, signature: bytes) -> bool:
        """Whether the signature over the payload is of this key."""
        try:
            self.key.verify(signature, _pre_authentication_encoding(payload))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class PrivateKey:
    """An Ed25519 key that can sign."""

    key: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        """The half that others verify with."""
        return PublicKey(self.key.public_key())

    def sign(self, payload: bytes) -> bytes:
        """The envelope around a payload."""
        return envelope(payload, self.public.id, self.key.sign(_pre_authentication_encoding(payload)))


def envelope(payload: bytes, key_id: str, signature: bytes) -> bytes:
    """DSSE in JSON, always in the same bytes."""
    content = {
        "payload": base64.b64encode(payload).decode("ascii"),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": key_id, "sig": base64.b64encode(signature).decode("ascii")}],
    }
    return (json.dumps(content, indent=1) + "\n").encode("ascii")


def signature_in(content: bytes, name: str, payload: bytes, key_id: str) -> bytes:
    """The signature in an envelope around exactly `payload`, by a key of this id.

    Raises InputError for anything else, be it one byte: `envelope` writes what it says in one way only.
    """
    rows = Reader.of(content, name).rows("signatures")
    if len(rows) != 1:
        raise InputError(f"{name}: expected one signature, found {len(rows)}")
    try:
        signature = base64.b64decode(rows[0].text("sig"), validate=True)
    except (binascii.Error, ValueError):
        raise rows[0].refusal("sig is not base64") from None
    if envelope(payload, key_id, signature) != content:
        raise InputError(f"{name}: not the envelope of this manifest and key {key_id}")
    return signature


def read_private_key(path: Path) -> PrivateKey:
    """The key in a PEM file, such as `openssl genpkey -algorithm ed25519` writes. Raises InputError."""
    content = disk.read(path, limit=_MAX_KEY_BYTES)
    try:
        key = load_pem_private_key(content, password=None)
    except TypeError:
        raise InputError(f"{path}: the key is encrypted: decrypt it first (openssl pkey -in FILE)") from None
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(f"{path}: not a private key in PEM (openssl genpkey -algorithm ed25519)") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"{path}: not an Ed25519 key: make one with openssl genpkey -algorithm ed25519")
    return PrivateKey(key)


def read_public_key(path: Path) -> PublicKey:
    """The key in a PEM file, such as `openssl pkey -pubout` writes. Raises InputError."""
    return parse_public_key(disk.read(path, limit=_MAX_KEY_BYTES), str(path))


def parse_public_key(content: bytes, name: str) -> PublicKey:
    """The public key in a PEM text; `name` stands in front of a refusal."""
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(f"{name}: not a public key in PEM (openssl pkey -in KEY -pubout)") from None
    if not isinstance(key, Ed25519PublicKey):
        raise InputError(f"{name}: not an Ed25519 key")
    return PublicKey(key)


def _pre_authentication_encoding(payload: bytes) -> bytes:
    """What DSSE signs: type and payload with their lengths, so that neither can be read as the other."""
    type_ = PAYLOAD_TYPE.encode("ascii")
    return b"DSSEv1 %d %b %d %b" % (len(type_), type_, len(payload), payload)
