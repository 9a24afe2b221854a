"""Play a story day by day: people decide, files come and go, the day ends, we compare.

08:00 deadlines, 08:30 people, then the day's steps in order, 17:00 cut-off, 23:30
assertions. Everything inbound is bytes in a mailbox; everything sent is read back from
it.
"""

import csv
import io
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from activities.tasks import ChangedError, NotPermittedError, decide
from claims.adjustment import Adjustment
from claims.claim import Claim, Payer
from claims.money import usd
from claims.remittance import (
    ProviderAdjustment,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
)
from claims.task import TASKS, ChangeForm, DecisionRefused, TaskType
from edi.acks import LOOP_ENTITIES, SetAcknowledgment, write_999
from edi.segments import OutboundEnvelope, read
from edi.x270 import (
    CoverageAnswer,
    read_eligibility_inquiries,
    write_eligibility_answers,
)
from edi.x276 import StatusAnswer, read_status_inquiries, write_status_answers
from edi.x277ca import AnsweredClaim, write_277ca
from edi.x835 import write_remittances
from edi.x837 import read_claims
from payers.code_sets import CodeSets
from records import claims as claim_rows
from records import tasks as task_rows
from tests.scenarios.compare import (
    Difference,
    compare_day,
    compare_end,
    facts_in,
    has_fact,
)
from tests.scenarios.corrections import changed, differences, value_of
from tests.scenarios.story import Story, as_837p, content_of, other_claim
from tests.scenarios.watch import failures
from tests.scenarios.world import NeverQuietError, World, world

DEADLINES, PEOPLE_AT, SECOND_AT = time(8, 0), time(8, 30), time(8, 31)
OUTCOMES = {"favorable": "overturned", "unfavorable": "upheld"}
SENTENCE = 6
CORRECTS = ("fixed", "corrected_freq_7", "correct_freq_7", "new_claim")
INQUIRIES_AT, CUT_OFF, DAY_END = time(8, 40), time(17, 0), time(23, 30)


@dataclass
class Sent:
    """One 837P claim we found in a mailbox."""

    partner: str
    gs06: str
    day: date
    claim: Claim


@dataclass
class Player:
    """One story being played."""

    story: Story
    world: World
    day: date = date.min
    number: int = 0
    sent: dict[str, list[Sent]] = field(default_factory=dict)
    read_files: set[tuple[str, str]] = field(default_factory=set)
    asked: dict[str, tuple[str, str]] = field(default_factory=dict)
    statuses: dict[str, tuple[str, str, date]] = field(default_factory=dict)
    traces: dict[str, str] = field(default_factory=dict)
    others: dict[str, Sent] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    control: int = 0
    cut: bool = False
    postponed: list[dict[str, Any]] = field(default_factory=list)

    async def run(self) -> None:
        """Every day from the first to the last."""
        for number in range(self.story.first_day, self.story.last_day + 1):
            await self._day(number)
        compare_end(self)

    async def _day(self, number: int) -> None:
        self.number, self.day, self.cut = number, self.story.day(number), False
        await self.world.go_to(self.day, DEADLINES)
        await self._people()
        for claim in self.story.given["claims"]:
            if self.story.drop_day(claim) == number:
                await self._drop(claim)
        late = [c for c in self.story.given["claims"] if self.story.is_late(c)]
        await self.world.go_to(self.day, INQUIRIES_AT)
        await self._questions()
        for step in self.story.of_day(number):
            await self._step(step)
        await self._later_decisions()
        await self._cut_off()
        for claim in late if number == self.story.first_day else ():
            await self._drop(claim)
        self._no_other_sends()
        await self.world.go_to(self.day, DAY_END)
        compare_day(self)

    async def _step(self, step: dict[str, Any]) -> None:
        act = EVENTS.get(step["event"])
        if act is None:
            what = f"event {step['event']} is not played yet"
            raise Difference(self.day, "steps", what, "played")
        await act(self, step.get("content") or {}, step)

    def _no_other_sends(self) -> None:
        """What left today and stands in no step of the day."""
        wanted = Counter(
            self.pcn_of(s.get("content") or {})
            for s in self.story.of_day(self.number)
            if s["event"] == "837p_sent" and _is_ours(s)
        )
        found = Counter(
            pcn for pcn, sent in self.sent.items() for s in sent if s.day == self.day
        )
        if found != wanted:
            raise Difference(self.day, "837P sent", str(dict(found)), str(dict(wanted)))

    # --- people --------------------------------------------------------------------

    async def _people(self) -> None:
        due = [
            t
            for t in self.story.expect["tasks"]
            if t.get("closed_day") == self.number and t.get("decision")
        ]
        if not due:
            return
        await self.world.go_to(self.day, PEOPLE_AT)
        self.postponed = []
        for task in due:
            if not await self._decide(task):
                self.postponed.append(task)

    async def _later_decisions(self) -> None:
        """What only an input of this day allows."""
        for task in self.postponed:
            if not await self._decide(task, last=True):
                raise Difference(self.day, task["task"], "not open", "open")
        self.postponed = []

    async def _decide(self, task: dict[str, Any], *, last: bool = False) -> bool:
        row = self._open_task(task)
        if row is None:
            return False
        role = str(task["role"]).split("/")[0].split(" ")[0]
        form = self._form(task, row)
        try:
            await self._give(row, task["decision"], form, role)
            if second := task.get("approved_by"):
                await self.world.go_to(self.day, SECOND_AT)
                fresh = self._open_task(task)
                if fresh is not None:
                    await self._give(fresh, task["decision"], form, str(second))
        except (DecisionRefused, NotPermittedError, ChangedError) as refused:
            if last:
                raise Difference(
                    self.day, task["task"], str(refused), "applied"
                ) from None
            return False
        return True

    async def _give(
        self, row: Any, decision: str, form: dict[str, str], actor: str
    ) -> None:
        why = self.world.office.because(await self.world.now(), actor=actor)
        outcome = await decide(
            self.world.office,
            row["id"],
            version=row["version"],
            decision=decision,
            form=form,
            why=why,
        )
        await self.world.settle()
        if outcome.status == "refused":
            raise DecisionRefused(outcome.words)

    def _open_task(self, task: dict[str, Any]) -> Any:
        """The claim's task of this type, or one about a file that names no claim."""
        claim_id = self.claim_id(task["claim"])
        with self.world.office.reading() as conn:
            found = task_rows.waiting(conn, types=[task["task"]])
        mine = [t for t in found if t["claim_id"] == claim_id]
        of_files = [t for t in found if t["claim_id"] is None]
        return next(iter(mine + of_files), None)

    def _form(self, task: dict[str, Any], row: Any) -> dict[str, str]:
        """Input keys go into the form; the others must stand in the evidence."""
        spec = TASKS[TaskType(task["task"])]
        inputs: dict[str, str] = {}
        for key, value in (task.get("form") or {}).items():
            if key in spec.form.model_fields:
                listed = isinstance(value, list)
                inputs[key] = ", ".join(value) if listed else str(value)
            else:
                self._shown(task, key, value, row["evidence"])
        if issubclass(spec.form, ChangeForm) and task["decision"] in CORRECTS:
            inputs |= self._corrections(task, inputs)
        return self._complete(spec, task["decision"], inputs)

    def _corrections(
        self, task: dict[str, Any], inputs: dict[str, str]
    ) -> dict[str, str]:
        """What the story leaves to the reader: the next send says it, or the claim's
        final values do."""
        given = self.story.claim(task["claim"])
        final = content_of(self.story, given, self.world.office.payers)
        if inputs.get("field"):
            value = value_of(final, inputs["field"])
            return {} if "new_value" in inputs else {"new_value": value}
        next_sent = next(
            s["content"]
            for s in self.story.steps
            if s["event"] == "837p_sent"
            and s["day"] >= self.number
            and self.pcn_of(s["content"]) == task["claim"]
        )
        coded = self._content(given)
        wanted = changed(next_sent.get("changed", ())) or differences(coded, final)
        return {f"change.{name}": value for name, value in wanted.items()}

    def _shown(
        self, task: dict[str, Any], key: str, value: Any, evidence: dict[str, Any]
    ) -> None:
        """A form key the type does not take must stand in the evidence shown."""
        if key not in evidence:
            raise Difference(
                self.day, f"{task['task']} evidence {key}", "not shown", str(value)
            )
        shown = evidence[key]
        if not _agrees(shown, value):
            raise Difference(self.day, f"{task['task']} {key}", str(shown), str(value))

    def _complete(
        self, spec: Any, decision: str, form: dict[str, str]
    ) -> dict[str, str]:
        """Required fields a story leaves to the reader."""
        missing = [n for n in spec.required.get(decision, ()) if n not in form]
        if "member_id" in missing and form.get("order"):
            first = form["order"].split(",")[0].strip()
            form["member_id"] = next(
                c["member_id"]
                for c in self.story.given["coverages"]
                if c["payer"] == first
            )
        for name in missing:
            form.setdefault(name, "as agreed")
        return form

    # --- claims and questions -------------------------------------------------------

    def _content(self, claim: dict[str, Any]) -> Claim:
        """The claim as the practice system hands it over."""
        return content_of(self.story, self.story.coded(claim), self.world.office.payers)

    async def _drop(self, claim: dict[str, Any]) -> None:
        self.dropped.add(claim["pcn"])
        content = self._content(claim)
        name = f"charges-{claim['pcn']}.837"
        envelope = await self._envelope("PRACTICE", "CLAIMTHREAD")
        await self.world.deliver("office", name, as_837p(content, envelope))

    async def bring_others(self, content: dict[str, Any]) -> None:
        """Somebody else's claims of an 835: covered, and ready before it arrives."""
        profile = self.world.office.payers.get(content["payer"])
        assert profile is not None, f"no profile of {content['payer']}"
        mine = self._content(self.story.given["claims"][0])
        for given in content["claims"]:
            name = given["clp01"]
            if not given.get("summary_only") or name in self.others:
                continue
            claim = other_claim(
                mine, name, usd(given["clp04"]), len(self.others) + 1, self.day
            ).model_copy(
                update={
                    "payer": Payer(name=profile.name, edi_id=profile.edi.payer_edi_id)
                }
            )
            await self._answer(
                CoverageAnswer(
                    trace=f"UNASKED{self.control}",
                    member_id=claim.subscriber.person.member_id,
                ),
                profile.edi.payer_edi_id,
                self.world.office.partner_of(profile.payer_id),
            )
            envelope = await self._envelope("PRACTICE", "CLAIMTHREAD")
            content_ = as_837p(claim, envelope)
            await self.world.deliver("office", f"charges-{name}.837", content_)
            with self.world.office.reading() as conn:
                row = claim_rows.find(conn, name)
            assert row is not None, f"{name} did not come in"
            ours = claim.model_copy(update={"pcn": row.pcn})
            self.others[name] = Sent("", "", self.day, ours)

    async def _accept_others(self, partner: str, claim: Claim) -> None:
        """Somebody else's claim has left: its payer accepts it at once."""
        answer = AnsweredClaim(
            pcn=claim.pcn, category="A2", status="20", charge=claim.charge
        )
        written = write_277ca(
            [answer],
            await self._envelope("CLEARING", "CLAIMTHREAD"),
            payer_name="PAYER",
            payer_edi_id=claim.payer.edi_id,
            provider_npi=claim.billing.npi,
        )
        await self.world.deliver(partner, f"277CA-{self.control}.edi", written)

    async def _questions(self) -> None:
        """Send the 270s that are due, and answer those no step answers later."""
        await self.world.inquire("270")
        self._collect_270()
        for trace, (partner, member) in list(self.asked.items()):
            claim = self._claim_of_member(member)
            today = [
                s
                for s in self.story.steps
                if s["event"] == "271_received"
                and s["day"] == self.number
                and (s.get("content") or {}).get("claim") == claim
            ]
            if not today:
                await self._answer_270(trace, partner, member, {"EB01": "1"})

    def _collect_270(self) -> None:
        for partner, _, content in self._new_files("270"):
            for one in read_eligibility_inquiries(content):
                self.asked[one.trace] = (partner, one.member_id)
                self.traces[one.trace] = one.payer_edi_id

    def _claim_of_member(self, member: str) -> str:
        for claim in self.story.given["claims"]:
            for coverage in self.story.given["coverages"]:
                if coverage["member_id"] == member:
                    return str(claim["pcn"])
        return ""

    async def _answer_270(
        self, trace: str, partner: str, member: str, content: dict[str, Any]
    ) -> None:
        self.asked.pop(trace, None)
        coverage = next(
            c for c in self.story.given["coverages"] if c["member_id"] == member
        )
        total, met = coverage.get("deductible"), coverage.get("deductible_met")
        percent = coverage.get("coinsurance_pct")
        answer = CoverageAnswer(
            trace=trace,
            member_id=member,
            eb01=str(content.get("EB01", "1")),
            aaa=str(content.get("AAA", "")),
            deductible=usd(total) if total else None,
            deductible_remaining=usd(total) - usd(met) if total and met else None,
            coinsurance_percent=str(percent) if percent else None,
            plan_ends=_maybe_day(content.get("terminated")),
        )
        await self._answer(answer, self.traces[trace], partner)

    async def _answer(
        self, answer: CoverageAnswer, payer_edi_id: str, partner: str
    ) -> None:
        """A 271 with one answer."""
        written = write_eligibility_answers(
            [answer],
            await self._envelope("PAYER", "CLAIMTHREAD"),
            payer_name="PAYER",
            payer_edi_id=payer_edi_id,
            provider_npi=self.story.given["practice"]["billing_npi"],
        )
        await self.world.deliver(partner, f"271-{self.control}.edi", written)

    def is_dropped(self, pcn: str) -> bool:
        """Whether the practice system has handed this claim over by today."""
        return pcn in self.dropped

    async def answer_unasked(self, pcn: str, content: dict[str, Any]) -> None:
        """A 271 for a claim that has not come in yet: known by payer and member."""
        coverage = self.story.coverage(self.story.claim(pcn))
        profile = self.world.office.payers.get(coverage["payer"])
        assert profile is not None, f"no profile of {coverage['payer']}"
        trace = f"UNASKED{self.control}"
        self.traces[trace] = profile.edi.payer_edi_id
        partner = self.world.office.partner_of(coverage["payer"])
        await self._answer_270(trace, partner, coverage["member_id"], content)

    async def _cut_off(self) -> None:
        if not self.cut:
            self.cut = True
            await self.world.go_to(self.day, CUT_OFF)
            await self._questions()
            await self.world.inquire("276")
            self._collect_276()
            await self.world.cut_off()
            await self._collect_837()

    async def _collect_837(self) -> None:
        others = {sent.claim.pcn for sent in self.others.values()}
        for partner, _, content in self._new_files("837P"):
            gs06 = read(content)[0][0].sets[0].gs06
            for found in read_claims(content).claims:
                if found.claim.pcn in others:
                    await self._accept_others(partner, found.claim)
                    continue
                pcn = self._practice_number(found.claim)
                sent = Sent(partner, gs06, self.day, found.claim)
                self.sent.setdefault(pcn, []).append(sent)

    def _practice_number(self, claim: Claim) -> str:
        """Whose claim this is: by member, day and lines, as only the content can
        tell."""
        for given in self.story.given["claims"]:
            members = {c["member_id"] for c in self.story.given["coverages"]}
            same_day = str(claim.service_from) == given["dos"]
            codes = {line["cpt"] for line in given["lines"]}
            mine = claim.subscriber.person.member_id in members
            if mine and same_day and codes & {n.code for n in claim.lines}:
                return str(given["pcn"])
        return claim.pcn

    def _collect_276(self) -> None:
        for partner, _, content in self._new_files("276"):
            for one in read_status_inquiries(content):
                self.statuses[one.pcn] = (one.trace, partner, self.day)

    def _new_files(self, kind: str) -> list[tuple[str, str, bytes]]:
        found = []
        for partner in self.world.office.partners():
            mailbox = self.world.office.open_mailbox(partner)
            for name in mailbox.list_outbound():
                if name.startswith(kind) and (partner, name) not in self.read_files:
                    self.read_files.add((partner, name))
                    found.append((partner, name, mailbox.read_outbound(name)))
        return found

    # --- helpers of the events --------------------------------------------------------

    async def _envelope(self, sender: str, receiver: str) -> OutboundEnvelope:
        self.control += 1
        return OutboundEnvelope(
            sender_id=sender,
            receiver_id=receiver,
            isa13=self.control,
            gs06=self.control,
            created=await self.world.now(),
            contact_phone="5555550100",
        )

    def claim_id(self, pcn: str) -> str:
        """Our row of a story's claim."""
        with self.world.office.reading() as conn:
            row = claim_rows.find(conn, pcn)
        if row is None:
            raise Difference(self.day, f"claim {pcn}", "not on file", "on file")
        return row.id

    def newest(self, pcn: str) -> Sent:
        """The last 837P of a claim."""
        if pcn not in self.sent:
            raise Difference(self.day, f"837P of {pcn}", "never sent", "sent")
        return self.sent[pcn][-1]

    def pcn_of(self, content: dict[str, Any]) -> str:
        """The claim a step is about; a story with one claim need not say it."""
        return str(content.get("claim") or self.story.given["claims"][0]["pcn"])

    async def office_csv(self, name: str, row: dict[str, Any]) -> None:
        """One row in a CSV of the practice's own mailbox."""
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(row))
        writer.writeheader()
        writer.writerow(row)
        self.control += 1
        file = f"{name}-{self.control}.csv"
        await self.world.deliver("office", file, text.getvalue().encode())


def _maybe_day(text: Any) -> date | None:
    return date.fromisoformat(str(text)) if text else None


def _agrees(shown: Any, value: Any) -> bool:
    """Whether evidence says what a story says; a list is also named by its length,
    and of a sentence only the facts count: its wording is free."""
    if isinstance(value, list):
        return bool((shown.split(", ") if isinstance(shown, str) else shown) == value)
    if isinstance(shown, list) and isinstance(value, int):
        return len(shown) == value
    if isinstance(value, str) and len(value.split()) >= SENTENCE:
        return bool(shown) and all(has_fact(shown, f) for f in facts_in(value))
    return str(value) == str(shown)


Event = Callable[[Player, dict[str, Any], dict[str, Any]], Awaitable[None]]


async def _nothing(
    player: Player, content: dict[str, Any], step: dict[str, Any]
) -> None:
    """An event that only tells the reader something."""


async def _sent_270(
    player: Player, content: dict[str, Any], step: dict[str, Any]
) -> None:
    if not player.asked:
        raise Difference(player.day, "270", "not sent", "sent")


async def _scrub_failed(
    player: Player, content: dict[str, Any], step: dict[str, Any]
) -> None:
    """As many edits as the story names stand in the open task."""
    with player.world.office.reading() as conn:
        found = task_rows.waiting(conn, types=["SCRUB_FIX"])
    shown = [len(t["evidence"]["edits"]) for t in found]
    if shown != [len(content["edits"])]:
        raise Difference(
            player.day, "failed edits", str(shown), str(len(content["edits"]))
        )


async def _received_271(
    player: Player, content: dict[str, Any], step: dict[str, Any]
) -> None:
    await player.world.inquire("270")
    player._collect_270()
    wanted = player.pcn_of(content)
    if not player.is_dropped(wanted):
        await player.answer_unasked(wanted, content)
        return
    for trace, (partner, member) in list(player.asked.items()):
        if player._claim_of_member(member) == wanted:
            await player._answer_270(trace, partner, member, content)
            return
    await player.answer_unasked(wanted, content)


async def _visit_payment(
    player: Player, content: dict[str, Any], step: dict[str, Any]
) -> None:
    await _payment(player, content, player.pcn_of(content))


async def _payment(player: Player, content: dict[str, Any], pcn: str) -> None:
    check = content.get("check")
    receipt = content.get("gateway_txn") or content.get("ref")
    await player.office_csv(
        "patient_payments",
        {
            "receipt_ref": f"check {check}" if check else receipt,
            "date": player.day.isoformat(),
            "amount": content["amount"],
            "method": content.get("method", "check" if check else "card"),
            "claim_ref": pcn,
        },
    )


async def _patient_payment(
    player: Player, content: dict[str, Any], step: dict[str, Any]
) -> None:
    await _payment(player, content, player.pcn_of(content))


def _payer_of(player: Player, claim: Claim) -> str:
    profile = player.world.office.payers.by_edi_id(claim.payer.edi_id)
    return profile.payer_id if profile else ""


def _decision_of(claim: Claim) -> dict[str, Any]:
    """What an earlier payer decided on the first line, as a story writes it."""
    for decision in claim.lines[0].decisions:
        said = [f"{a.group}*{a.carc}*{a.amount}" for a in decision.adjustments]
        return {"paid": str(decision.paid), "CAS": said}
    return {}


def _is_ours(step: dict[str, Any]) -> bool:
    """Whether we send it; a copy can also be keyed at the payer, past us."""
    return not str(step.get("by", "")).endswith("outside")


async def _sent_837(
    player: Player, content: dict[str, Any], step: dict[str, Any]
) -> None:
    if not _is_ours(step):
        return
    await player._cut_off()
    pcn = player.pcn_of(content)
    sent = [s for s in player.sent.get(pcn, []) if s.day == player.day]
    if not sent:
        raise Difference(player.day, f"837P of {pcn}", "not sent", "sent")
    claim = sent[-1].claim
    found = {
        "CLM05_3": claim.frequency,
        "REF_F8": claim.payer_icn or None,
        "submission": len(player.sent[pcn]),
        "payer": _payer_of(player, claim),
        "SBR01": claim.subscriber.sequence,
        "loop_2430": _decision_of(claim),
    }
    for name in found.keys() & content.keys():
        if str(found[name]) != str(content[name]):
            raise Difference(
                player.day, f"837P {pcn} {name}", str(found[name]), str(content[name])
            )


async def _received_999(
    player: Player, content: dict[str, Any], step: dict[str, Any]
) -> None:
    sent = player.newest(player.pcn_of(content))
    code = str(content["AK9"])
    errors = (_segment_error(str(content["IK3"])),) if content.get("IK3") else ()
    written = write_999(
        await player._envelope("CLEARING", "CLAIMTHREAD"),
        gs06=sent.gs06,
        code=code,
        sets=[SetAcknowledgment("0001", code, errors)],
    )
    await player.world.deliver(sent.partner, f"999-{player.control}.edi", written)


def _segment_error(words: str) -> str:
    """``NM1*85 segment missing`` as IK3: the segment, its loop, error 3."""
    tag, _, entity = words.split()[0].partition("*")
    loops = {name: loop for loop, name in LOOP_ENTITIES.items()}
    return f"{tag}|8|{loops.get(entity, '')}|{3 if 'missing' in words else 8}"


async def _received_277ca(
    player: Player, content: dict[str, Any], step: dict[str, Any]
) -> None:
    sent = player.newest(player.pcn_of(content))
    category, status, entity = (*str(content["STC"]).split(":"), "", "")[:3]
    answer = AnsweredClaim(
        pcn=sent.claim.pcn,
        category=category,
        status=status,
        entity=entity or "PR",
        charge=sent.claim.charge,
        payer_icn=str(content.get("payer_icn") or ""),
        member_id=sent.claim.subscriber.person.member_id,
        service_date=sent.claim.service_from,
    )
    written = write_277ca(
        [answer],
        await player._envelope("CLEARING", "CLAIMTHREAD"),
        payer_name="PAYER",
        payer_edi_id=sent.claim.payer.edi_id,
        provider_npi=sent.claim.billing.npi,
    )
    await player.world.deliver(sent.partner, f"277CA-{player.control}.edi", written)


async def _sent_276(
    player: Player, content: dict[str, Any], step: dict[str, Any]
) -> None:
    await player.world.inquire("276")
    player._collect_276()
    ours = player.newest(player.pcn_of(content)).claim.pcn
    found = player.statuses.get(ours)
    if found is None or found[2] != player.day:
        raise Difference(player.day, "276", "not sent", "sent")


async def _received_277(
    player: Player, content: dict[str, Any], step: dict[str, Any]
) -> None:
    sent = player.newest(player.pcn_of(content))
    trace, partner, _ = player.statuses.get(
        sent.claim.pcn, ("", sent.partner, player.day)
    )
    category, _, status = str(content["STC"]).partition(":")
    paid_on = content.get("payment_date")
    answer = StatusAnswer(
        trace=trace or "UNASKED",
        pcn=sent.claim.pcn,
        category=category,
        status=status.split(":")[0],
        charge=sent.claim.charge,
        paid=usd(content["paid"]) if content.get("paid") else None,
        payment_date=date.fromisoformat(str(paid_on)) if paid_on else None,
        check_number=str(content.get("trace") or ""),
    )
    written = write_status_answers(
        [answer],
        await player._envelope("CLEARING", "CLAIMTHREAD"),
        payer_name="PAYER",
        payer_edi_id=sent.claim.payer.edi_id,
        provider_npi=sent.claim.billing.npi,
    )
    await player.world.deliver(partner, f"277-{player.control}.edi", written)


async def _received_835(
    player: Player, content: dict[str, Any], step: dict[str, Any]
) -> None:
    profile = player.world.office.payers.get(content["payer"])
    assert profile is not None, f"no profile of {content['payer']}"
    partner = player.world.office.partner_of(content["payer"])
    await player.bring_others(content)
    claims = tuple(_remitted(player, c) for c in content["claims"])
    remittance = Remittance(
        position=1,
        control_number="0001",
        handling="I",
        paid=usd(content["bpr02"]),
        method="ACH" if usd(content["bpr02"]) else "NON",
        payment_date=date.fromisoformat(content["bpr16"]),
        trace=content["trn02"],
        payer_name=profile.name.upper(),
        payer_edi_id=profile.edi.payer_edi_id,
        payee_npi=player.story.given["practice"]["billing_npi"],
        claims=claims,
        provider_adjustments=tuple(_plb(player, p) for p in content.get("plb", [])),
        content_hash="",
    )
    envelope = await player._envelope("CLEARING", "CLAIMTHREAD")
    written = write_remittances([remittance], envelope)
    await player.world.deliver(partner, f"835-{player.control}.edi", written)


def _plb(player: Player, given: dict[str, Any]) -> ProviderAdjustment:
    return ProviderAdjustment(
        position=1,
        provider_id=player.story.given["practice"]["billing_npi"],
        fiscal_period=date(player.day.year, 12, 31),
        code=given["code"],
        reference=given.get("ref"),
        amount=usd(given["amount"]),
    )


def _remitted(player: Player, given: dict[str, Any]) -> RemittanceClaim:
    if given.get("summary_only"):
        return _other_remitted(player.others[given["clp01"]].claim, given)
    sent = player.sent.get(given["clp01"])
    claim = sent[-1].claim if sent else None
    person = claim.patient_person if claim else None
    return RemittanceClaim(
        position=1,
        pcn=claim.pcn if claim else given["clp01"],
        status=given["clp02"],
        charge=usd(given["clp03"]),
        paid=usd(given["clp04"]),
        patient_responsibility=usd(given.get("clp05", "0")),
        payer_icn=given.get("clp07"),
        patient_last=person.last if person else "OTHER",
        patient_first=person.first if person else "",
        member_id=claim.subscriber.person.member_id if claim else None,
        service_from=claim.service_from if claim else None,
        adjustments=tuple(_cas(c) for c in given.get("cas", [])),
        rarcs=tuple(given.get("moa", [])),
        lines=tuple(_remitted_line(claim, n) for n in given.get("lines", [])),
    )


def _other_remitted(claim: Claim, given: dict[str, Any]) -> RemittanceClaim:
    """Somebody else's claim, paid in full."""
    line = claim.lines[0]
    return RemittanceClaim(
        position=1,
        pcn=claim.pcn,
        status=given["clp02"],
        charge=claim.charge,
        paid=usd(given["clp04"]),
        patient_responsibility=usd("0"),
        payer_icn=f"ICN-{given['clp01']}",
        patient_last=claim.patient_person.last,
        patient_first=claim.patient_person.first,
        member_id=claim.subscriber.person.member_id,
        service_from=claim.service_from,
        lines=(
            RemittanceLine(
                position=1,
                line_ref=line.line_ref,
                code=line.code,
                charge=line.charge,
                paid=usd(given["clp04"]),
                units="1",
                service_date=line.service_from,
            ),
        ),
    )


def _cas(text: str) -> Adjustment:
    group, carc, amount = text.split("*")
    return Adjustment(group=group, carc=carc, amount=usd(amount))


def _remitted_line(claim: Claim | None, given: dict[str, Any]) -> RemittanceLine:
    _, code, *modifiers = str(given["svc"]).split(":")
    number = given.get("line")
    ours = next((n for n in claim.lines if n.number == number), None) if claim else None
    return RemittanceLine(
        position=1,
        line_ref=ours.line_ref if ours else None,
        code=code,
        modifiers=tuple(modifiers),
        charge=usd(given["charge"]),
        paid=usd(given["paid"]),
        units=str(given.get("units", "1")),
        service_date=ours.service_from if ours else None,
        adjustments=tuple(_cas(c) for c in given.get("cas", [])),
        rarcs=tuple(given.get("lq", [])),
    )


async def _received_eft(
    player: Player, content: dict[str, Any], step: dict[str, Any]
) -> None:
    await player.office_csv(
        "deposits",
        {
            "deposit_ref": f"DEP-{content['trn02']}",
            "date": player.day.isoformat(),
            "amount": content["amount"],
            "method": "ach",
            "trace_no": content["trn02"],
        },
    )


async def _refunded(
    player: Player, content: dict[str, Any], step: dict[str, Any]
) -> None:
    """The card processor confirms what was approved."""
    await player.office_csv(
        "refunds",
        {
            "refund_ref": content.get("gateway_txn") or content.get("check"),
            "claim_ref": player.pcn_of(content),
            "date": player.day.isoformat(),
            "amount": content["amount"],
            "method": content.get("method", "card"),
        },
    )


async def _authorized(
    player: Player, content: dict[str, Any], step: dict[str, Any]
) -> None:
    """One row per line code that the payer's profile lists; all codes if none is."""
    claim = player.story.given["claims"][0]
    coverage = player.story.coverage(claim)
    profile = player.world.office.payers.get(coverage["payer"])
    listed = {r.code for r in profile.authorization.required_for} if profile else set()
    codes = {line["cpt"] for line in claim["lines"]}
    for code in sorted(codes & listed or codes):
        await player.office_csv(
            "authorizations",
            {
                "auth_no": content["auth_number"],
                "payer_id": coverage["payer"],
                "member_id": coverage["member_id"],
                "code": code,
                "units": content["units"],
                "valid_from": content["valid_from"],
                "valid_to": content["valid_to"],
                "status": "approved",
                "decided_on": player.day.isoformat(),
            },
        )


async def _appeal_decision(
    player: Player, content: dict[str, Any], step: dict[str, Any]
) -> None:
    await player.office_csv(
        "appeal_decisions",
        {
            "claim_ref": player.pcn_of(content),
            "level": content.get("level", 1),
            "outcome": OUTCOMES.get(content["outcome"], content["outcome"]),
            "notice_date": content.get("letter_date")
            or content.get("notice_date")
            or player.day.isoformat(),
            "received_on": player.day.isoformat(),
        },
    )


EVENTS: dict[str, Event] = {
    "note": _nothing,
    "claim_coded": _nothing,
    "task_decision": _nothing,
    "scrub_failed": _scrub_failed,
    "appointment_booked": _nothing,
    "auth_requested": _nothing,
    "270_sent": _sent_270,
    "271_received": _received_271,
    "visit_payment": _visit_payment,
    "patient_payment": _patient_payment,
    "837p_sent": _sent_837,
    "999_received": _received_999,
    "277ca_received": _received_277ca,
    "276_sent": _sent_276,
    "277_received": _received_277,
    "835_received": _received_835,
    "eft_received": _received_eft,
    "auth_approved": _authorized,
    "refund_sent": _refunded,
    "appeal_decision": _appeal_decision,
}


async def watched(player: Player) -> None:
    """Play, and let no failure of the worker pass that a retry made good."""
    with failures() as failed:
        try:
            await player.run()
        except NeverQuietError:
            nothing_failed(player.day, failed)
            raise
        nothing_failed(player.day, failed)


def nothing_failed(day: date, failed: list[str]) -> None:
    """A retry can hide a bug: no activity and no workflow task may have failed."""
    if failed:
        what = f"{len(failed)} steps of the worker"
        raise Difference(day, what, f"failed, first {failed[0]}", "to succeed")


async def play(path: Path, database_url: str = "") -> None:
    """Play one file.

    Raises:
        Difference: the first thing that is not as the file expects.
    """
    story = Story.load(path)
    zone = story.given["practice"]["timezone"]
    start = story.day(story.first_day)
    settings = story.given.get("settings") or {}
    with tempfile.TemporaryDirectory(prefix="story-") as folder:
        async with world(
            Path(folder),
            start,
            zone=zone,
            database_url=database_url,
            codes=CodeSets.read(settings.get("fixture_codes") or {}),
        ) as running:
            await watched(Player(story, running))


__all__ = ["Decimal", "Difference", "datetime", "play"]
