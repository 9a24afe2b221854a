"""A payload is readable only in its own workflow, and never in the clear."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    NexusSerializationContext,
    SerializationContext,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError

from vault.codec import (
    CodecError,
    EncryptionCodec,
    data_converter,
    decode_payloads_for_audit,
)
from vault.keys import KeyRing

NAMESPACE = "claimthread"
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'"Jane Doe"')


def activity_of(workflow_id: str | None, *, local: bool) -> SerializationContext:
    return ActivitySerializationContext(
        namespace=NAMESPACE,
        activity_id="1",
        activity_type="post",
        activity_task_queue="q",
        workflow_id=workflow_id,
        workflow_type="Claim" if workflow_id else None,
        is_local=local,
    )


def workflow_of(workflow_id: str) -> SerializationContext:
    return WorkflowSerializationContext(namespace=NAMESPACE, workflow_id=workflow_id)


def codec_of(ring: KeyRing, workflow_id: str) -> EncryptionCodec:
    return EncryptionCodec(ring, NAMESPACE).with_context(workflow_of(workflow_id))


@given(
    data=st.binary(max_size=500),
    metadata=st.dictionaries(st.text(max_size=9), st.binary(max_size=9), max_size=3),
    workflow_id=st.text(max_size=30),
)
def test_any_payload_comes_back_whole(
    data: bytes, metadata: dict[str, bytes], workflow_id: str
) -> None:
    ring = KeyRing("k1", "k1", {"k1": b"1" * 32})
    codec = codec_of(ring, workflow_id)
    payload = Payload(metadata=metadata, data=data)
    sealed = codec.seal(payload)

    assert codec.unseal(sealed) == payload
    assert sealed.metadata["encoding"] == b"binary/encrypted"
    assert sealed.metadata["key"] == b"k1"
    assert set(sealed.metadata) <= {"encoding", "key", "bound"}


def test_the_same_payload_never_looks_the_same(ring: KeyRing) -> None:
    codec = codec_of(ring, "claim-1")

    assert codec.seal(PLAIN).data != codec.seal(PLAIN).data


@pytest.mark.parametrize("local", [True, False])
def test_activities_are_bound_to_their_workflow(ring: KeyRing, local: bool) -> None:
    codec = EncryptionCodec(ring, NAMESPACE)
    sealed = codec.with_context(activity_of("claim-1", local=local)).seal(PLAIN)

    assert codec_of(ring, "claim-1").unseal(sealed) == PLAIN
    with pytest.raises(CodecError, match="another workflow"):
        codec.with_context(activity_of("claim-2", local=local)).unseal(sealed)


@pytest.mark.parametrize("other", ["claim-2", "claim-1x", "Claim-1", "claim-1-1"])
def test_a_payload_moved_to_another_workflow_is_refused(
    ring: KeyRing, other: str
) -> None:
    sealed = codec_of(ring, "claim-1").seal(PLAIN)

    with pytest.raises(CodecError, match="belongs to another workflow"):
        codec_of(ring, other).unseal(sealed)


def test_a_payload_moved_to_another_namespace_is_refused(ring: KeyRing) -> None:
    sealed = codec_of(ring, "claim-1").seal(PLAIN)
    elsewhere = EncryptionCodec(ring, "other")

    with pytest.raises(CodecError):
        elsewhere.for_workflow("claim-1").unseal(sealed)
    with pytest.raises(CodecError):
        elsewhere.unseal(EncryptionCodec(ring, NAMESPACE).seal(PLAIN))


@pytest.mark.parametrize(
    "context",
    [
        activity_of(None, local=False),
        NexusSerializationContext("endpoint", "service", "operation"),
    ],
    ids=["standalone activity", "nexus"],
)
def test_without_a_workflow_a_payload_is_bound_to_the_namespace_and_marked(
    ring: KeyRing, context: SerializationContext
) -> None:
    free = EncryptionCodec(ring, NAMESPACE)
    sealed = free.with_context(context).seal(PLAIN)

    assert sealed.metadata["bound"] == b"namespace"
    assert free.unseal(sealed) == PLAIN


def test_a_workflow_never_accepts_a_payload_bound_to_none(ring: KeyRing) -> None:
    free, bound = EncryptionCodec(ring, NAMESPACE), codec_of(ring, "claim-1")
    loose, tied = free.seal(PLAIN), bound.seal(PLAIN)
    unmarked = Payload.FromString(loose.SerializeToString())
    del unmarked.metadata["bound"]
    marked = Payload.FromString(tied.SerializeToString())
    marked.metadata["bound"] = b"namespace"

    for payload in (loose, unmarked, marked):
        with pytest.raises(CodecError):
            bound.unseal(payload)
    for payload in (tied, unmarked, marked):
        with pytest.raises(CodecError):
            free.unseal(payload)


def test_the_runs_of_one_schedule_are_bound_as_one_and_to_no_other(
    ring: KeyRing,
) -> None:
    sealed = codec_of(ring, "receive-payer-a-2026-11-24T16:27:51Z").seal(PLAIN)

    for same in ("receive-payer-a", "receive-payer-a-2026-11-25T16:27:51Z"):
        assert codec_of(ring, same).unseal(sealed) == PLAIN
    for other in ("receive-payer-b-2026-11-24T16:27:51Z", "receive-payer-a-2026-11-24"):
        with pytest.raises(CodecError):
            codec_of(ring, other).unseal(sealed)


@pytest.mark.parametrize(
    "payload",
    [PLAIN, Payload(), Payload(metadata={"encoding": b"binary/null"})],
)
async def test_plaintext_is_refused_and_not_shown(
    ring: KeyRing, payload: Payload
) -> None:
    with pytest.raises(CodecError, match="not encrypted") as caught:
        await codec_of(ring, "claim-1").decode([payload])

    assert "Jane" not in repr(caught.value)


def test_every_changed_or_missing_byte_is_noticed(ring: KeyRing) -> None:
    codec = codec_of(ring, "claim-1")
    sealed = codec.seal(PLAIN)
    data = sealed.data
    damaged = [
        data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :] for i in range(len(data))
    ]
    for wrong in [*damaged, *(data[:i] for i in range(len(data)))]:
        with pytest.raises(CodecError):
            codec.unseal(Payload(metadata=sealed.metadata, data=wrong))


def test_the_key_id_cannot_be_changed(ring: KeyRing) -> None:
    same = KeyRing("k1", "k1", {"k1": b"1" * 32, "k2": b"1" * 32})
    sealed = codec_of(ring, "claim-1").seal(PLAIN)
    sealed.metadata["key"] = b"k2"

    with pytest.raises(CodecError, match="was changed"):
        codec_of(same, "claim-1").unseal(sealed)


def test_old_payloads_are_readable_after_rotation(
    ring: KeyRing, rotated: KeyRing
) -> None:
    old = codec_of(ring, "claim-1").seal(PLAIN)
    new = codec_of(rotated, "claim-1").seal(PLAIN)

    assert new.metadata["key"] == b"k2"
    assert codec_of(rotated, "claim-1").unseal(old) == PLAIN
    assert codec_of(rotated, "claim-1").unseal(new) == PLAIN
    with pytest.raises(CodecError, match="Key k2 is not in the key file"):
        codec_of(ring, "claim-1").unseal(new)


@pytest.mark.parametrize("key", [None, b"", b"\xff", b"Jane Doe"])
def test_a_payload_without_a_key_id_is_refused(
    ring: KeyRing, key: bytes | None
) -> None:
    sealed = codec_of(ring, "claim-1").seal(PLAIN)
    del sealed.metadata["key"]
    if key is not None:
        sealed.metadata["key"] = key

    with pytest.raises(CodecError) as caught:
        codec_of(ring, "claim-1").unseal(sealed)
    assert "Jane" not in str(caught.value)


def test_an_auditor_reads_one_workflow_in_the_clear(
    ring: KeyRing, rotated: KeyRing
) -> None:
    sealed = [codec_of(r, "claim-1").seal(PLAIN) for r in (ring, rotated)]
    free = EncryptionCodec(ring, NAMESPACE).seal(PLAIN)

    read = decode_payloads_for_audit(rotated, NAMESPACE, "claim-1", sealed)
    assert read == [PLAIN, PLAIN]
    assert decode_payloads_for_audit(ring, NAMESPACE, "", [free]) == [PLAIN]
    for workflow_id in ("claim-2", ""):
        with pytest.raises(CodecError):
            decode_payloads_for_audit(rotated, NAMESPACE, workflow_id, sealed)


class Posting(BaseModel):
    amount_usd: Decimal
    at: AwareDatetime


def converter_of(ring: KeyRing, workflow_id: str) -> DataConverter:
    return data_converter(ring, NAMESPACE).with_context(workflow_of(workflow_id))


async def test_models_keep_cents_and_time_zones(ring: KeyRing) -> None:
    posting = Posting(
        amount_usd=Decimal("1190.10"), at=datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    )
    converter = converter_of(ring, "claim-1")
    sealed = await converter.encode([posting])

    assert await converter.decode(sealed, [Posting]) == [posting]
    assert b"1190" not in sealed[0].SerializeToString()


async def test_a_failure_hides_message_stack_details_and_cause(ring: KeyRing) -> None:
    converter = converter_of(ring, "claim-1")
    failure = Failure()
    try:
        raise ApplicationError("for Jane", "detail Jane") from ValueError("cause Jane")
    except ApplicationError as error:
        await converter.encode_failure(error, failure)
    raw = failure.SerializeToString()
    elsewhere = Failure.FromString(raw)
    read = await converter.decode_failure(failure)

    assert b"Jane" not in raw
    assert b"test_codec" not in raw
    assert isinstance(read, ApplicationError)
    assert (read.message, read.details) == ("for Jane", ("detail Jane",))
    assert "cause Jane" in str(read.__cause__)
    with pytest.raises(CodecError):
        await converter_of(ring, "claim-2").decode_failure(elsewhere)
