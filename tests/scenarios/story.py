"""A scenario file (``claim-scenario/1``) as values, and its claims as 837P content."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from claims.claim import (
    Address,
    Claim,
    OtherPayer,
    Payer,
    Person,
    Provider,
    ServiceLine,
    Subscriber,
)
from claims.money import usd
from edi.segments import OutboundEnvelope
from edi.x837 import write_claims
from payers.profile import PayerBook

OTHER_CODE = "99211"
DROP_EVENTS = ("appointment_booked", "270_sent", "271_received")


@dataclass(frozen=True)
class Story:
    """One file: given, steps, expect."""

    path: Path
    data: dict[str, Any]

    @classmethod
    def load(cls, path: Path) -> "Story":
        """Read one file.

        Raises:
            ValueError: not a scenario of a schema we know.
        """
        data = yaml.safe_load(path.read_text())
        if not isinstance(data, dict) or data.get("schema") != "claim-scenario/1":
            raise ValueError("not a claim-scenario/1 file")
        return cls(path, data)

    @property
    def id(self) -> str:
        return str(self.data["id"])

    @property
    def given(self) -> dict[str, Any]:
        found: dict[str, Any] = self.data["given"]
        return found

    @property
    def steps(self) -> list[dict[str, Any]]:
        return list(self.data["steps"])

    @property
    def expect(self) -> dict[str, Any]:
        found: dict[str, Any] = self.data["expect"]
        return found

    @property
    def anchor(self) -> date:
        return date.fromisoformat(self.given["anchor_date"])

    def day(self, number: int) -> date:
        """The date of a story day."""
        return self.anchor + timedelta(number)

    @property
    def first_day(self) -> int:
        days: list[int] = [s["day"] for s in self.steps]
        return min(days)

    @property
    def last_day(self) -> int:
        days: list[int] = [s["day"] for s in self.steps]
        days += [c["day"] for c in self.expect["checkpoints"]]
        days += [t["closed_day"] for t in self.expect["tasks"] if "closed_day" in t]
        return max(days)

    def of_day(self, number: int) -> list[dict[str, Any]]:
        """The day's steps in their order."""
        return [s for s in self.steps if s["day"] == number]

    def claim(self, pcn: str) -> dict[str, Any]:
        """One claim of the story."""
        found: dict[str, Any] = next(c for c in self.given["claims"] if c["pcn"] == pcn)
        return found

    def coded(self, claim: dict[str, Any]) -> dict[str, Any]:
        """The claim as its coder first entered it: ``claim_coded`` says what
        differed."""
        first = next((s for s in self.steps if s["event"] == "claim_coded"), None)
        said = (first or {}).get("content") or {}
        changes = {n["n"]: n for n in said.get("lines", ())}
        lines = [{**n, **changes.get(n["n"], {})} for n in claim["lines"]]
        charges = [usd(n["charge"]) for n in lines]
        total = str(sum(charges)) if changes else claim["total_charge"]
        dx = said.get("dx", claim["dx"])
        return {**claim, "dx": dx, "lines": lines, "total_charge": total}

    def drop_day(self, claim: dict[str, Any]) -> int:
        """The day the practice system hands the claim over: its date of service, or
        the first step before it that already needs the claim."""
        service = (date.fromisoformat(claim["dos"]) - self.anchor).days
        coded = [s["day"] for s in self.steps if s["event"] == "claim_coded"]
        if coded:
            return int(coded[0])
        early = [
            s["day"]
            for s in self.steps
            if s["event"] in DROP_EVENTS
            and s["day"] < service
            and (s.get("content") or {}).get("claim", claim["pcn"]) == claim["pcn"]
        ]
        return int(min([service, *early]))

    def is_late(self, claim: dict[str, Any]) -> bool:
        """Entered long after the service: the story begins when it is handed over."""
        service = (date.fromisoformat(claim["dos"]) - self.anchor).days
        return service < self.first_day

    def patient(self, claim: dict[str, Any]) -> dict[str, Any]:
        """The claim's patient; a second one stands under ``patients``."""
        wanted = claim.get("patient")
        main: dict[str, Any] = self.given["patient"]
        others = self.given.get("patients", [])
        return next((p for p in [main, *others] if p["id"] == wanted), main)

    def coverage(self, claim: dict[str, Any]) -> dict[str, Any]:
        """The cover the claim is first billed to."""
        known = [c for c in self.given["coverages"] if c.get("found_on_day") is None]
        mine = [c for c in known if c.get("claim") == claim["pcn"]]
        found: dict[str, Any] = (mine or known)[0]
        return found


def content_of(story: Story, claim: dict[str, Any], payers: PayerBook) -> Claim:
    """The claim as the practice system's 837P carries it."""
    coverage = story.coverage(claim)
    profile = payers.get(coverage["payer"])
    assert profile is not None, f"no profile of {coverage['payer']}"
    patient = story.patient(claim)
    practice = story.given["practice"]
    referring = claim.get("referring")
    return Claim(
        pcn=claim["pcn"],
        charge=usd(claim["total_charge"]),
        place_of_service=claim["pos"],
        diagnoses=tuple(d.replace(".", "") for d in claim["dx"]),
        billing=Provider(
            last_or_organization=practice["name"].split(" (")[0],
            npi=practice["billing_npi"],
            is_organization=True,
            taxonomy="207Q00000X",
            tax_id=practice["tax_id"],
            address=Address(
                line1="40 Harbor Road", city="Lakeport", state="IL", zip="625010001"
            ),
        ),
        subscriber=Subscriber(
            filing_indicator=profile.edi.claim_filing_indicator,
            person=_person(patient, coverage["member_id"]),
        ),
        payer=Payer(name=profile.name, edi_id=profile.edi.payer_edi_id),
        rendering=Provider(
            last_or_organization="Lee",
            first="Ana",
            npi=claim["rendering_npi"],
            taxonomy="207Q00000X",
        ),
        referring=Provider(
            last_or_organization=referring["last"],
            first=referring["first"],
            npi=referring["npi"],
        )
        if referring
        else None,
        prior_auth=claim.get("auth_number", ""),
        other_payers=tuple(
            _other_plan(patient, c, payers)
            for c in story.given["coverages"]
            if c["rank"] == "secondary" and c.get("claim", claim["pcn"]) == claim["pcn"]
        ),
        lines=tuple(_line(claim, line) for line in claim["lines"]),
    )


def _other_plan(
    patient: dict[str, Any], coverage: dict[str, Any], payers: PayerBook
) -> OtherPayer:
    """A plan that pays after the first one, as the claim carries it (2320)."""
    profile = payers.get(coverage["payer"])
    assert profile is not None, f"no profile of {coverage['payer']}"
    return OtherPayer(
        subscriber=Subscriber(
            sequence="S",
            filing_indicator=profile.edi.claim_filing_indicator,
            person=_person(patient, coverage["member_id"]),
        ),
        payer=Payer(name=profile.name, edi_id=profile.edi.payer_edi_id),
    )


def other_claim(
    model: Claim, name: str, paid: Decimal, number: int, day: date
) -> Claim:
    """Somebody else's claim that a file of the story also pays, in full."""
    person = Person(
        last="OTHER",
        first=f"PATIENT{number}",
        birth_date=date(1980, 1, number),
        sex="U",
        address=Address(
            line1="1 Example St", city="Lakeport", state="IL", zip="625010001"
        ),
        member_id=f"OTHER{number:04d}",
    )
    line = ServiceLine(
        number=1,
        code=OTHER_CODE,
        charge=paid,
        units=Decimal(1),
        pointers=(1,),
        service_from=day,
    )
    return model.model_copy(
        update={
            "pcn": name,
            "charge": paid,
            "diagnoses": ("Z000",),
            "subscriber": model.subscriber.model_copy(update={"person": person}),
            "lines": (line,),
            "prior_auth": "",
            "referring": None,
        }
    )


def _person(patient: dict[str, Any], member: str) -> Person:
    first, _, last = patient["name"].partition(" ")
    return Person(
        last=last,
        first=first,
        birth_date=date.fromisoformat(patient["dob"]),
        sex=patient["sex"],
        address=Address(**patient["address"]) if patient.get("address") else Address(),
        member_id=member,
    )


def _line(claim: dict[str, Any], line: dict[str, Any]) -> ServiceLine:
    return ServiceLine(
        number=line["n"],
        code=line["cpt"],
        modifiers=tuple(line["mods"]),
        charge=usd(line["charge"]),
        units=Decimal(str(line["units"])),
        pointers=tuple(line["dx_ptr"]),
        service_from=date.fromisoformat(line.get("dos", claim["dos"])),
    )


def as_837p(content: Claim, envelope: OutboundEnvelope) -> bytes:
    """The claim as a practice system writes it, which may have more pointers on a line
    than an 837P can carry: our own writer refuses those, so they are put in after."""
    fits = tuple(
        n.model_copy(update={"pointers": n.pointers[:4]}) for n in content.lines
    )
    written = write_claims([content.model_copy(update={"lines": fits})], envelope)
    segments = written.split(b"~")
    services = [i for i, s in enumerate(segments) if s.startswith(b"SV1*")]
    for place, line in zip(services, content.lines, strict=True):
        if len(line.pointers) > len(line.pointers[:4]):
            elements = segments[place].split(b"*")
            elements[7] = b":".join(str(p).encode() for p in line.pointers)
            segments[place] = b"*".join(elements)
    return b"~".join(segments)
