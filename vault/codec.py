"""Every payload and failure of Temporal through AES-256-GCM (design "Trust").

Associated data is namespace and workflow id, so a payload moved to another workflow is
refused; plaintext is refused on decode. The workflow id comes from the SDK's
serialization context, which covers inputs, results, signals, updates, queries, memos
and activities, local ones too.

Three cases need a word:

- **No workflow** (the memo of a schedule, a standalone activity, Nexus): bound to the
  namespace alone and marked so in the metadata. It is read only where there is no
  workflow either: a workflow never accepts a payload that is not bound to it.
- **Scheduled workflows**: a schedule appends its time to the workflow id, and the
  server hands the result of one run to the next, whose id differs. So the time is left
  out of the binding: the runs of one schedule are bound as one.
- **The namespace** is the one this codec was made for, not the context's, because the
  SDK's replayer reports an invented one.

Not encrypted by anyone: workflow ids, names of handlers and of failure types, search
attributes.
"""

import re
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace
from typing import Self

from google.protobuf.message import DecodeError
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
from vault.sealing import Sealer, SealError, bind

ENCODING = b"binary/encrypted"
KEY_METADATA = "key"
BOUND_METADATA = "bound"
NAMESPACE_ONLY = b"namespace"

_SCHEDULE_TIME = re.compile(r"-\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z\Z")


class CodecError(ValueError):
    """A payload is plaintext, damaged, or belongs to another workflow."""


class EncryptionCodec(PayloadCodec, WithSerializationContext):
    """Encrypts for one workflow; without a context it binds the namespace alone."""

    def __init__(self, ring: KeyRing, namespace: str) -> None:
        """``namespace`` is the one whose payloads this codec reads and writes."""
        self._sealer = Sealer(ring, "payload")
        self._namespace = namespace
        self._workflow_id = ""

    def with_context(self, context: SerializationContext) -> Self:
        """The codec of the workflow that ``context`` names, if it names one."""
        workflow_id = None
        if isinstance(
            context, WorkflowSerializationContext | ActivitySerializationContext
        ):
            workflow_id = context.workflow_id
        return self.for_workflow(workflow_id or "")

    def for_workflow(self, workflow_id: str) -> Self:
        """The codec of one workflow; "" is that of payloads without a workflow."""
        bound = copy(self)
        bound._workflow_id = _SCHEDULE_TIME.sub("", workflow_id)
        return bound

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt whole payloads, metadata included."""
        return [self.seal(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt; anything else than our own ciphertext is refused."""
        return [self.unseal(payload) for payload in payloads]

    def seal(self, payload: Payload) -> Payload:
        """One payload, encrypted."""
        key_id, body = self._sealer.encrypt(payload.SerializeToString(), self._bound())
        metadata = {"encoding": ENCODING, KEY_METADATA: key_id.encode()}
        if not self._workflow_id:
            metadata[BOUND_METADATA] = NAMESPACE_ONLY
        return Payload(metadata=metadata, data=body)

    def unseal(self, payload: Payload) -> Payload:
        """One payload, decrypted.

        Raises:
            CodecError: plaintext, damaged, of an unknown key or of another workflow.
                Its text holds nothing of the content.
        """
        metadata = payload.metadata
        if metadata.get("encoding") != ENCODING:
            raise CodecError(
                "A payload is not encrypted. It was refused, unread. Find out who "
                "wrote to this workflow without the shared data converter."
            )
        marked = metadata.get(BOUND_METADATA) == NAMESPACE_ONLY
        if marked == bool(self._workflow_id):
            raise CodecError(
                "A payload is bound to a workflow where none is expected, or to none "
                "where one is. It was refused, unread."
            )
        key_id = metadata.get(KEY_METADATA, b"").decode("ascii", "replace")
        try:
            plain = self._sealer.decrypt(key_id, payload.data, self._bound())
            return Payload.FromString(plain)
        except UnknownKeyError as error:
            raise CodecError(str(error)) from None
        except (SealError, DecodeError):
            raise CodecError(
                "A payload was changed or belongs to another workflow. It was refused, "
                "unread. Compare the history with its archived copy."
            ) from None

    def _bound(self) -> bytes:
        if self._workflow_id:
            return bind("workflow", self._namespace, self._workflow_id)
        return bind("namespace", self._namespace)


def data_converter(ring: KeyRing, namespace: str) -> DataConverter:
    """pydantic payloads, encrypted; failure messages and stacks encrypted too."""
    return replace(
        pydantic_data_converter,
        payload_codec=EncryptionCodec(ring, namespace),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def decode_payloads_for_audit(
    ring: KeyRing, namespace: str, workflow_id: str, payloads: Iterable[Payload]
) -> list[Payload]:
    """Payloads of one workflow in the clear. The caller logs who read them and why.

    ``workflow_id`` "" reads payloads that belong to no workflow (a schedule's memo).

    Raises:
        CodecError: one of them is plaintext, damaged, or of another workflow.
    """
    codec = EncryptionCodec(ring, namespace).for_workflow(workflow_id)
    return [codec.unseal(payload) for payload in payloads]
