"""Every payload and failure of Temporal through AES-256-GCM (design "Trust").

Associated data is namespace and workflow id, so a payload moved to another workflow is
refused; plaintext is refused on decode. Bound by the SDK's serialization context, which
covers inputs, results, signals, updates, queries and activities alike.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from vault.keys import KeyRing, UnknownKeyError

ENCODING = b"binary/encrypted"
NONCE = 12


class CodecError(ValueError):
    """A payload is plaintext, damaged, or belongs to another workflow."""


class EncryptionCodec(PayloadCodec, WithSerializationContext):
    """Encrypts for one workflow; without a context it binds the namespace alone."""

    def __init__(self, ring: KeyRing, namespace: str, workflow_id: str = "") -> None:
        """``workflow_id`` comes from ``with_context``."""
        self._ring = ring
        self._namespace = namespace
        self._bound = f"{namespace}\0{workflow_id}".encode()
        self._ciphers: dict[str, AESGCM] = {}

    def with_context(self, context: SerializationContext) -> Self:
        """The codec of the workflow that ``context`` names."""
        workflow_id = ""
        if isinstance(
            context, WorkflowSerializationContext | ActivitySerializationContext
        ):
            workflow_id = context.workflow_id or ""
        return type(self)(self._ring, self._namespace, workflow_id)

    def _gcm(self, key_id: str) -> AESGCM:
        if key_id not in self._ciphers:
            self._ciphers[key_id] = AESGCM(self._ring.subkey(key_id, "payload"))
        return self._ciphers[key_id]

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt whole payloads, metadata included."""
        return [self.seal(p) for p in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt; anything else than our own ciphertext is refused."""
        return [self.unseal(p) for p in payloads]

    def seal(self, payload: Payload) -> Payload:
        """One payload, encrypted."""
        key_id = self._ring.active
        nonce = os.urandom(NONCE)
        sealed = self._gcm(key_id).encrypt(
            nonce, payload.SerializeToString(), self._bound
        )
        return Payload(
            metadata={"encoding": ENCODING, "key": key_id.encode()}, data=nonce + sealed
        )

    def unseal(self, payload: Payload) -> Payload:
        """One payload, decrypted.

        Raises:
            CodecError: plaintext, damaged, unknown key, or of another workflow.
        """
        if payload.metadata.get("encoding") != ENCODING:
            raise CodecError("a payload is not encrypted and was refused")
        try:
            key_id = payload.metadata["key"].decode()
            nonce, sealed = payload.data[:NONCE], payload.data[NONCE:]
            plain = self._gcm(key_id).decrypt(nonce, sealed, self._bound)
        except (InvalidTag, UnknownKeyError, KeyError, ValueError):
            raise CodecError(
                "a payload cannot be decrypted for this workflow and was refused"
            ) from None
        return Payload.FromString(plain)


def data_converter(ring: KeyRing, namespace: str) -> DataConverter:
    """pydantic payloads, encrypted; failure messages and stacks encrypted too."""
    return replace(
        pydantic_data_converter,
        payload_codec=EncryptionCodec(ring, namespace),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
