"""Names that activities and the command line use without importing workflows."""

import inspect
from typing import Any

from temporalio import workflow

from claims import messages
from claims.messages import (
    DECIDE_UPDATE,
    NEWS_SIGNAL,
    AccountStart,
    AppealStart,
    ClaimStart,
    RemittanceStart,
    Sweep,
    SweepInput,
)
from worker import ACTIVITIES, WORKFLOWS, activities_of

HANDLERS = {
    "ClaimWorkflow",
    "AppealWorkflow",
    "SubmitBatchWorkflow",
    "PostRemittanceWorkflow",
    "PatientAccountWorkflow",
}
STARTS = {
    "ClaimWorkflow": ClaimStart,
    "AppealWorkflow": AppealStart,
    "PatientAccountWorkflow": AccountStart,
    "PostRemittanceWorkflow": RemittanceStart,
    "SubmitBatchWorkflow": SweepInput | None,
    "InquiryBatchWorkflow": SweepInput | None,
    "ReceiveFilesWorkflow": SweepInput | None,
}


def definition(kind: type) -> workflow._Definition:
    return workflow._Definition.must_from_class(kind)


def names_in_messages() -> set[str]:
    """The names of workflows in ``claims/messages.py``."""
    said = vars(messages).values()
    return {v for v in said if isinstance(v, str) and v.endswith("Workflow")}


def test_the_names_are_those_of_the_worker() -> None:
    assert names_in_messages() == {definition(k).name for k in WORKFLOWS}


def test_each_class_is_called_as_it_runs() -> None:
    """A history, a search and the code use one word."""
    assert all(definition(k).name == k.__name__ for k in WORKFLOWS)


def test_the_handlers_that_are_signalled_and_updated_exist() -> None:
    found = {
        definition(k).name
        for k in WORKFLOWS
        if NEWS_SIGNAL in definition(k).signals
        and DECIDE_UPDATE in definition(k).updates
    }
    assert found == HANDLERS


def test_every_decision_can_be_refused_before_it_is_accepted() -> None:
    for kind in WORKFLOWS:
        for update in definition(kind).updates.values():
            assert update.validator is not None, (kind.__name__, update.name)


def test_a_workflow_takes_one_model_and_a_sweep_may_take_none() -> None:
    """A schedule passes nothing, and what is passed elsewhere can grow (rule 9)."""
    for kind in WORKFLOWS:
        run: Any = definition(kind).run_fn
        given = list(inspect.signature(run).parameters.values())[1:]
        assert [p.annotation for p in given] == [STARTS[kind.__name__]]
        sweeps = given[0].annotation == SweepInput | None
        assert (given[0].default is None) is sweeps


def test_no_activity_is_registered_twice_or_forgotten() -> None:
    from unittest.mock import MagicMock

    found = [a.__name__ for a in activities_of(MagicMock())]
    assert len(found) == len(set(found))
    owned = {
        name
        for kind in ACTIVITIES
        for name in dir(kind)
        if hasattr(getattr(kind, name), "__temporal_activity_definition")
    }
    assert set(found) == owned


def test_a_sweep_is_read_from_its_id() -> None:
    sweep = Sweep.from_workflow_id("submit-P-NORTHLAKE-2026-03-03T23:00:00Z")
    assert (sweep.job, sweep.partner) == ("submit", "P-NORTHLAKE")
    assert sweep.at.isoformat() == "2026-03-03T23:00:00+00:00"
