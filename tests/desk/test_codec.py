"""The codec endpoint: an auditor's Web UI reads payloads, nobody else's anything."""

import json
from typing import Any

import httpx2
import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from starlette.testclient import TestClient
from temporalio.api.common.v1 import Payload, Payloads

from records import accesses
from records.accesses import Asked
from records.tables import claim
from tests.desk.conftest import Site
from vault.codec import EncryptionCodec

UI = "http://ui.test:8233"
CLEAR = Payload(metadata={"encoding": b"json/plain"}, data=b'{"state":"SENT"}')


@pytest.fixture
def ui(site: Site) -> Site:
    """A desk that answers the Web UI of ``UI``."""
    site.desk.codec_origin = UI
    return site


def claim_id(site: Site) -> str:
    with site.office.reading() as conn:
        return str(conn.execute(claim.select().limit(1)).mappings().one()["id"])


def sealed(site: Site, workflow_id: str) -> Payload:
    codec = EncryptionCodec(site.desk.ring, site.desk.namespace)
    return codec.for_workflow(workflow_id).seal(CLEAR)


def ask(
    site: Site,
    client: TestClient,
    path: str,
    *payloads: Payload,
    **headers: str,
) -> httpx2.Response:
    body = MessageToDict(Payloads(payloads=payloads))
    sent = {
        "origin": UI,
        "x-namespace": site.desk.namespace,
        "content-type": "application/json",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return client.post(path, content=json.dumps(body), headers=sent)


def log(site: Site) -> list[Any]:
    with site.office.reading() as conn:
        return accesses.newest(conn, Asked(what="payloads"), 50)


def test_an_auditor_reads_payloads_of_the_workflow_named_and_it_is_logged(
    ui: Site,
) -> None:
    one = f"claim-{claim_id(ui)}"
    client = ui.signed_in("auditor")
    answer = ask(ui, client, f"/codec/{one}/decode", sealed(ui, one), CLEAR)
    assert answer.status_code == 200
    assert list(ParseDict(answer.json(), Payloads()).payloads) == [CLEAR, CLEAR]
    assert answer.headers["access-control-allow-origin"] == UI
    assert answer.headers["access-control-allow-credentials"] == "true"
    (row,) = log(ui)
    assert (row["actor"], row["subject"]) == ("auditor", one)
    assert row["claim_id"] == claim_id(ui)
    assert row["address"] == "192.0.2.1"


def test_payloads_without_a_workflow_need_no_id(ui: Site) -> None:
    answer = ask(ui, ui.signed_in("auditor"), "/codec/decode", sealed(ui, ""))
    assert list(ParseDict(answer.json(), Payloads()).payloads) == [CLEAR]
    assert [row["subject"] for row in log(ui)] == ["no workflow"]


def test_a_workflows_payload_without_its_id_says_how_to_name_it(ui: Site) -> None:
    answer = ask(ui, ui.signed_in("auditor"), "/codec/decode", sealed(ui, "claim-1"))
    assert answer.status_code == 400
    assert "/codec/WORKFLOW-ID" in answer.json()["error"]


def test_a_changed_or_foreign_payload_is_refused_and_none_is_shown(ui: Site) -> None:
    client, changed = ui.signed_in("auditor"), sealed(ui, "claim-1")
    changed.data = changed.data[:-1] + bytes([changed.data[-1] ^ 1])
    for bad in (changed, sealed(ui, "claim-2")):
        answer = ask(ui, client, "/codec/claim-1/decode", sealed(ui, "claim-1"), bad)
        assert answer.status_code == 400
        assert list(answer.json()) == ["error"]
    assert len(log(ui)) == 2


@pytest.mark.parametrize(
    "who", ["clerk", "coder", "poster", "ops", "clinician", "admin"]
)
def test_another_role_is_refused(ui: Site, who: str) -> None:
    client, payload = ui.signed_in(who), sealed(ui, "claim-1")
    answer = ask(ui, client, "/codec/claim-1/decode", payload)
    assert (answer.status_code, list(answer.json())) == (403, ["error"])
    assert log(ui) == []


def test_nobody_signed_in_is_told_so_in_json(ui: Site) -> None:
    answer = ask(ui, ui.browser(), "/codec/claim-1/decode", sealed(ui, "claim-1"))
    assert (answer.status_code, list(answer.json())) == (401, ["error"])


def test_only_the_configured_origin_is_answered(ui: Site) -> None:
    client, payload = ui.signed_in("auditor"), sealed(ui, "claim-1")
    path = "/codec/claim-1/decode"
    for origin in ("http://evil.test", "http://desk.test", "null"):
        answer = ask(ui, client, path, payload, origin=origin)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
    ui.desk.codec_origin = ""
    assert ask(ui, client, path, payload, origin="").status_code == 403
    assert ask(ui, client, path, payload).status_code == 403
    assert log(ui) == []


def test_the_preflight_allows_that_origin_alone(ui: Site) -> None:
    client = ui.browser()
    fine = client.options("/codec/claim-1/decode", headers={"origin": UI})
    assert fine.status_code == 204
    assert fine.headers["access-control-allow-origin"] == UI
    assert fine.headers["access-control-allow-headers"] == "content-type, x-namespace"
    other = client.options("/codec/decode", headers={"origin": "http://evil.test"})
    assert "access-control-allow-origin" not in other.headers


def test_another_namespace_or_content_type_is_refused(ui: Site) -> None:
    client, payload = ui.signed_in("auditor"), sealed(ui, "claim-1")
    path = "/codec/claim-1/decode"
    assert ask(ui, client, path, payload, x_namespace="other").status_code == 400
    plain = ask(ui, client, path, payload, content_type="text/plain")
    assert plain.status_code == 415
    assert log(ui) == []


@pytest.mark.parametrize("body", ["", "[]", "{", '{"payloads": 1}', '{"payloads":[1]}'])
def test_a_body_without_payloads_is_refused(ui: Site, body: str) -> None:
    headers = {"origin": UI, "x-namespace": ui.desk.namespace}
    headers["content-type"] = "application/json"
    client = ui.signed_in("auditor")
    answer = client.post("/codec/claim-1/decode", content=body, headers=headers)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


def test_nothing_is_encrypted_for_the_web_ui(ui: Site) -> None:
    answer = ask(ui, ui.signed_in("auditor"), "/codec/claim-1/encode", CLEAR)
    assert answer.status_code == 403
