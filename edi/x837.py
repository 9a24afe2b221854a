"""837P: claims in and out (005010X222A1).

Reading follows HL levels and loops by their leading segments, tolerates unknown levels
and segments, and rejects one claim at a time with segment, field and reason. Writing
groups claims by billing provider, with dependents in 2000C and other payers in 2320.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import groupby
from typing import Any

from claims.adjustment import Adjustment
from claims.claim import (
    Address,
    Claim,
    LineDecision,
    OtherPayer,
    Payer,
    Person,
    Provider,
    ServiceLine,
    Subscriber,
)
from claims.money import MoneyError, usd
from edi.errors import EdiError, EdiWarning
from edi.segments import (
    FileKind,
    OutboundEnvelope,
    Segment,
    TransactionSet,
    Writer,
    maybe_date,
    plain,
    read_amount,
    read_date,
    sets_of,
)

VERSION = "005010X222A1"


@dataclass(frozen=True)
class ReadClaim:
    """A claim and the number of its CLM segment."""

    position: int
    claim: Claim


@dataclass(frozen=True)
class ClaimReject:
    """A claim that cannot be read, with its place; charge as far as it could be read."""

    position: int
    pcn: str
    segment: str
    field: str
    reason: str
    charge: Decimal | None = None


@dataclass(frozen=True)
class ClaimFile:
    """What an 837P holds: read = claims + rejects."""

    claims: tuple[ReadClaim, ...]
    rejects: tuple[ClaimReject, ...]
    warnings: tuple[EdiWarning, ...]


def read_claims(content: bytes) -> ClaimFile:
    """Read every claim of an 837P.

    Raises:
        EdiError: no X12, or no professional claims in it (an 837I is named as such).
    """
    try:
        found, warnings = sets_of(content, FileKind.X837P)
    except EdiError:
        sets_of(content, FileKind.X837I)
        raise EdiError(
            "This is an institutional claim file (837I). Nothing was read. Only "
            "professional claims (837P) can be followed here."
        ) from None
    claims: list[ReadClaim] = []
    rejects: list[ClaimReject] = []
    for one in found:
        reader = _SetReader(one)
        reader.run()
        claims += reader.claims
        rejects += reader.rejects
    return ClaimFile(tuple(claims), tuple(rejects), tuple(warnings))


@dataclass
class _Level:
    """What the HL levels above a claim said so far."""

    billing: dict[str, Any] = field(default_factory=dict)
    subscriber: dict[str, Any] = field(default_factory=dict)
    patient: dict[str, Any] | None = None


class _SetReader:
    """One transaction set, segment by segment."""

    def __init__(self, one: TransactionSet) -> None:
        self.set = one
        self.sep = one.delimiters.component
        self.rep = one.delimiters.repetition
        self.claims: list[ReadClaim] = []
        self.rejects: list[ClaimReject] = []
        self.level = _Level()
        self.where: dict[str, Any] = {}
        self.draft: _Draft | None = None

    def run(self) -> None:
        for segment in self.set.segments[1:]:
            if segment.tag == "SE":
                break
            self._one(segment)
        self._close()

    def _one(self, segment: Segment) -> None:
        if segment.tag == "HL":
            self._close()
            self._hl(segment)
        elif segment.tag == "CLM":
            self._close()
            self.draft = _Draft(segment, self.level, self.sep, self.rep)
        elif self.draft is not None:
            self.draft.take(segment)
        else:
            self._above(segment)

    def _close(self) -> None:
        draft, self.draft = self.draft, None
        if draft is None:
            return
        try:
            claim = draft.finish()
        except EdiError as error:
            self.rejects.append(draft.reject(error))
        else:
            self.claims.append(ReadClaim(draft.clm.number, claim))

    def _hl(self, segment: Segment) -> None:
        code = segment.get(3)
        if code == "20":
            self.level = _Level()
            self.where = self.level.billing
        elif code == "22":
            self.level = _Level(billing=self.level.billing)
            self.where = self.level.subscriber
        elif code == "23":
            self.level = _Level(self.level.billing, self.level.subscriber, {})
            self.where = self.level.patient or {}
            self.level.patient = self.where

    def _above(self, segment: Segment) -> None:
        act = _ABOVE.get(segment.tag)
        if act is not None:
            act(self, segment)

    def _nm1(self, segment: Segment) -> None:
        self.where["entity"] = segment.get(1)
        self.where.setdefault("nm1", {})[segment.get(1)] = segment

    def _detail(self, segment: Segment) -> None:
        entity = self.where.get("entity", "")
        self.where.setdefault(segment.tag, {}).setdefault(entity, segment)

    def _list(self, segment: Segment) -> None:
        entity = self.where.get("entity", "")
        key = f"{segment.tag}s"
        self.where.setdefault(key, []).append((entity, segment))


_ABOVE: dict[str, Callable[[_SetReader, Segment], None]] = {
    "NM1": _SetReader._nm1,
    "N3": _SetReader._detail,
    "N4": _SetReader._detail,
    "DMG": _SetReader._detail,
    "PRV": _SetReader._detail,
    "SBR": _SetReader._detail,
    "PAT": _SetReader._detail,
    "PER": _SetReader._detail,
    "REF": _SetReader._list,
}


def _address(where: dict[str, Any], entity: str) -> Address:
    n3: Segment | None = where.get("N3", {}).get(entity)
    n4: Segment | None = where.get("N4", {}).get(entity)
    return Address(
        line1=n3.get(1) if n3 else "",
        line2=n3.get(2) if n3 else "",
        city=n4.get(1) if n4 else "",
        state=n4.get(2) if n4 else "",
        zip=n4.get(3) if n4 else "",
        country=n4.get(4) if n4 else "",
    )


def _person(where: dict[str, Any], entity: str, *, born: bool = True) -> Person:
    nm1: Segment | None = where.get("nm1", {}).get(entity)
    dmg = where.get("DMG", {}).get(entity) if born else None
    birth = read_date(dmg.get(2), dmg, "DMG02") if dmg and dmg.get(2) else None
    return Person(
        last=nm1.get(3) if nm1 else "",
        first=nm1.get(4) if nm1 else "",
        middle=nm1.get(5) if nm1 else "",
        suffix=nm1.get(7) if nm1 else "",
        member_id=nm1.get(9) if nm1 else "",
        is_organization=bool(nm1) and nm1.get(2) == "2",  # type: ignore[union-attr]  # bool(nm1) guards it
        birth_date=birth,
        sex=dmg.get(3) if dmg else "",
        address=_address(where, entity),
    )


def _provider(where: dict[str, Any], entity: str) -> Provider | None:
    nm1: Segment | None = where.get("nm1", {}).get(entity)
    if nm1 is None:
        return None
    refs = [s for e, s in where.get("REFs", []) if e == entity]
    tax = next((r for r in refs if r.get(1) in ("EI", "SY")), None)
    prv = where.get("PRV", {})
    taxonomy = prv.get(entity) or (prv.get("") if entity == "85" else None)
    per: Segment | None = where.get("PER", {}).get(entity)
    return Provider(
        last_or_organization=nm1.get(3),
        first=nm1.get(4),
        middle=nm1.get(5),
        suffix=nm1.get(7),
        npi=nm1.get(9) if nm1.get(8) == "XX" else "",
        is_organization=nm1.get(2) == "2",
        taxonomy=taxonomy.get(3) if taxonomy else "",
        tax_id=tax.get(2) if tax else "",
        tax_id_kind=tax.get(1) if tax else "EI",
        address=_address(where, entity),
        contact_name=per.get(2) if per else "",
        phone=per.get(4) if per else "",
    )


def _subscriber(where: dict[str, Any], sbr: Segment | None, entity: str, dependent: str) -> Subscriber:
    return Subscriber(
        sequence=sbr.get(1) if sbr else "P",
        relationship=dependent or (sbr.get(2) if sbr else "") or "18",
        group_number=sbr.get(3) if sbr else "",
        group_name=sbr.get(4) if sbr else "",
        insurance_type=sbr.get(5) if sbr else "",
        filing_indicator=sbr.get(9) if sbr else "",
        person=_person(where, entity),
    )


class _Draft:
    """One CLM and everything below it."""

    def __init__(self, clm: Segment, level: _Level, sep: str, rep: str) -> None:
        self.clm = clm
        self.level = level
        self.sep = sep
        self.values: dict[str, Any] = {}
        self.diagnoses: list[str] = []
        self.where: dict[str, Any] = {}
        self.others: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []

    def take(self, segment: Segment) -> None:
        if segment.tag == "SBR":
            self.others.append({"SBR": segment})
            self.where = self.others[-1]
        elif segment.tag == "LX":
            self.lines.append({"LX": segment})
            self.where = self.lines[-1]
        elif self.lines:
            _keep(self.lines[-1], segment)
        elif self.others:
            _keep(self.others[-1], segment)
        elif segment.tag == "HI":
            self._hi(segment)
        else:
            _keep(self.values, segment)

    def _hi(self, segment: Segment) -> None:
        for element in segment.elements:
            kind, _, rest = element.partition(self.sep)
            if kind in ("ABK", "ABF", "BK", "BF") and rest:
                self.diagnoses.append(rest.split(self.sep)[0].replace(".", ""))

    def reject(self, error: EdiError) -> ClaimReject:
        try:
            charge = usd(self.clm.get(2))
        except MoneyError:
            charge = None
        return ClaimReject(
            position=self.clm.number,
            pcn=self.clm.get(1),
            segment=f"{error.field[:3]} at segment {error.segment}",
            field=error.field,
            reason=str(error),
            charge=charge,
        )

    def finish(self) -> Claim:
        clm, level = self.clm, self.level
        sub = level.subscriber
        sbr: Segment | None = sub.get("SBR", {}).get("")
        pat: Segment | None = (level.patient or {}).get("PAT", {}).get("")
        relationship = pat.get(1) if pat else ""
        patient = _person(level.patient, "QC") if level.patient else None
        payer: Segment | None = sub.get("nm1", {}).get("PR")
        billing = _provider(level.billing, "85")
        return Claim(
            pcn=clm.get(1),
            charge=read_amount(clm.get(2), clm, "CLM02"),
            place_of_service=clm.part(5, 1, self.sep),
            frequency=clm.part(5, 3, self.sep) or "1",
            provider_signature=clm.get(6),
            accept_assignment=clm.get(7),
            assign_benefits=clm.get(8),
            release=clm.get(9),
            **self._accident(),
            **self._dates(),
            **self._references(),
            diagnoses=tuple(self.diagnoses[:12]),
            billing=billing or Provider(last_or_organization=""),
            subscriber=_subscriber(sub, sbr, "IL", relationship),
            patient=patient,
            payer=Payer(
                name=payer.get(3) if payer else "",
                edi_id=payer.get(9) if payer else "",
                address=_address(sub, "PR"),
            ),
            rendering=_provider(self.values, "82"),
            referring=_provider(self.values, "DN"),
            supervising=_provider(self.values, "DQ"),
            facility=_provider(self.values, "77"),
            other_payers=tuple(_other_payer(o, self.sep) for o in self.others),
            lines=tuple(
                _service_line(n, line, self.sep)
                for n, line in enumerate(self.lines, start=1)
            ),
        )

    def _accident(self) -> dict[str, Any]:
        parts = self.clm.get(11).split(self.sep)
        causes = tuple(p for p in parts[:3] if p)
        return {
            "accident": causes,
            "accident_state": parts[3] if len(parts) > 3 else "",
        }

    def _dates(self) -> dict[str, Any]:
        found = {s.get(1): s for s in self.values.get("DTPs", [])}
        names = {"439": "accident_date", "431": "onset_date", "435": "admission_date"}
        return {
            name: read_date(found[code].get(3), found[code], f"DTP*{code}")
            for code, name in names.items()
            if code in found
        }

    def _references(self) -> dict[str, Any]:
        found = {s.get(1): s.get(2) for s in self.values.get("REFs_all", [])}
        nte: Segment | None = next(iter(self.values.get("NTEs", [])), None)
        paid = [s for s in self.values.get("AMTs", []) if s.get(1) == "F5"]
        return {
            "payer_icn": found.get("F8", ""),
            "prior_auth": found.get("G1", ""),
            "referral": found.get("9F", ""),
            "clia": found.get("X4", ""),
            "medical_record": found.get("EA", ""),
            "note": nte.get(2) if nte else "",
            "note_kind": nte.get(1) if nte and nte.get(1) else "ADD",
            "patient_paid": read_amount(paid[0].get(2), paid[0], "AMT*F5")
            if paid and paid[0].get(2)
            else None,
        }


def _keep(where: dict[str, Any], segment: Segment) -> None:
    """File a segment under its entity, as the levels above do."""
    tag = segment.tag
    if tag == "NM1":
        where["entity"] = segment.get(1)
        where.setdefault("nm1", {})[segment.get(1)] = segment
        return
    entity = where.get("entity", "")
    if tag == "REF":
        if not entity:
            where.setdefault("REFs_all", []).append(segment)
        where.setdefault("REFs", []).append((entity, segment))
    elif tag in ("DTP", "AMT", "CAS", "NTE", "SVD", "CTP", "LIN"):
        if tag in ("CAS", "DTP", "AMT") and where.get("SVDs"):
            where.setdefault("decided", []).append((len(where["SVDs"]) - 1, segment))
        else:
            where.setdefault(f"{tag}s", []).append(segment)
    else:
        where.setdefault(tag, {}).setdefault(entity, segment)


def _adjustments(segments: Iterable[Segment]) -> tuple[Adjustment, ...]:
    """Every reason of CAS segments, up to six each."""
    found = []
    for segment in segments:
        for place in range(2, 20, 3):
            if not segment.get(place):
                continue
            found.append(
                Adjustment(
                    group=segment.get(1),
                    carc=segment.get(place),
                    amount=read_amount(segment.get(place + 1), segment, "CAS03"),
                    quantity=segment.get(place + 2) or None,
                )
            )
    return tuple(found)


def _other_payer(where: dict[str, Any], sep: str) -> OtherPayer:
    sbr: Segment = where["SBR"]
    amounts = {s.get(1): s for s in where.get("AMTs", [])}
    oi: Segment | None = where.get("OI", {}).get("")
    payer: Segment | None = where.get("nm1", {}).get("PR")
    refs = {s.get(1): s.get(2) for e, s in where.get("REFs", []) if e == "PR"}
    day = next((s for s in where.get("DTPs", []) if s.get(1) == "573"), None)

    def amount(code: str) -> Decimal | None:
        found = amounts.get(code)
        return read_amount(found.get(2), found, f"AMT*{code}") if found else None

    return OtherPayer(
        subscriber=_subscriber(where, sbr, "IL", ""),
        payer=Payer(
            name=payer.get(3) if payer else "",
            edi_id=payer.get(9) if payer else "",
            address=_address(where, "PR"),
        ),
        paid=amount("D"),
        remaining_patient=amount("EAF"),
        non_covered=amount("A8"),
        adjustments=_adjustments(where.get("CASs", [])),
        benefits_assigned=oi.get(3) if oi else "Y",
        release=oi.get(6) if oi else "Y",
        icn=refs.get("F8", ""),
        decided_on=maybe_date(day.get(3)) if day else None,
    )


def _quantity(text: str, segment: Segment, name: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise EdiError(f"{name} is not a number", segment=segment.number, field=name)
    return value


def _service_line(place: int, where: dict[str, Any], sep: str) -> ServiceLine:
    lx: Segment = where["LX"]
    sv1: Segment | None = where.get("SV1", {}).get("")
    if sv1 is None:
        raise EdiError("the line has no SV1", segment=lx.number, field="SV1")
    dates = {s.get(1): s for s in where.get("DTPs", [])}
    service = dates.get("472")
    if service is None:
        raise EdiError("the line has no date", segment=lx.number, field="DTP*472")
    refs = {s.get(1): s.get(2) for e, s in where.get("REFs", []) if not e}
    code = [sv1.part(1, n, sep) for n in range(1, 9)]
    note: Segment | None = next(iter(where.get("NTEs", [])), None)
    text = service.get(3)
    return ServiceLine(
        number=place,
        code_kind=code[0] or "HC",
        code=code[1],
        modifiers=tuple(m for m in code[2:6] if m),
        description=code[6],
        charge=read_amount(sv1.get(2), sv1, "SV102"),
        unit_kind=sv1.get(3) or "UN",
        units=_quantity(sv1.get(4) or "1", sv1, "SV104"),
        place_of_service=sv1.get(5),
        pointers=tuple(
            int(p) for p in sv1.get(7).split(sep) if p.isdecimal()
        ),
        emergency=sv1.get(9) == "Y",
        service_from=read_date(text, service, "DTP*472"),
        service_to=read_date(text[9:], service, "DTP*472") if "-" in text else None,
        line_ref=refs.get("6R", ""),
        prior_auth=refs.get("G1", ""),
        rendering=_provider(where, "82"),
        note=note.get(2) if note else "",
        **_drug(where, sep),
        decisions=_decisions(where, sep),
    )


def _drug(where: dict[str, Any], sep: str) -> dict[str, Any]:
    lin: Segment | None = next(iter(where.get("LINs", [])), None)
    ctp: Segment | None = next(iter(where.get("CTPs", [])), None)
    if lin is None:
        return {}
    quantity = _quantity(ctp.get(4), ctp, "CTP04") if ctp and ctp.get(4) else None
    return {
        "ndc": lin.get(3),
        "ndc_quantity": quantity,
        "ndc_unit": ctp.part(5, 1, sep) if ctp else "",
    }


def _decisions(where: dict[str, Any], sep: str) -> tuple[LineDecision, ...]:
    decided: list[LineDecision] = []
    for place, svd in enumerate(where.get("SVDs", [])):
        below = [s for n, s in where.get("decided", []) if n == place]
        day = next((s for s in below if s.tag == "DTP" and s.get(1) == "573"), None)
        rest = next((s for s in below if s.tag == "AMT" and s.get(1) == "EAF"), None)
        decided.append(
            LineDecision(
                payer_edi_id=svd.get(1),
                paid=read_amount(svd.get(2), svd, "SVD02"),
                code=svd.part(3, 2, sep),
                modifiers=tuple(m for m in (svd.part(3, n, sep) for n in range(3, 7)) if m),
                units=_quantity(svd.get(5) or "1", svd, "SVD05"),
                adjustments=_adjustments(s for s in below if s.tag == "CAS"),
                decided_on=maybe_date(day.get(3)) if day else None,
                remaining_patient=read_amount(rest.get(2), rest, "AMT*EAF") if rest else None,
            )
        )
    return tuple(decided)


def write_claims(claims: Sequence[Claim], envelope: OutboundEnvelope) -> bytes:
    """One interchange with one transaction set, claims grouped by billing provider.

    Raises:
        UnwritableError: text that an 837P cannot carry; nothing was written.
    """
    writer = _ClaimWriter(envelope)
    ordered = sorted(claims, key=lambda c: c.billing.model_dump_json())
    for _, group in groupby(ordered, key=lambda c: c.billing.model_dump_json()):
        writer.billing_group(list(group))
    return writer.out.interchange(envelope, code="HC", st01="837", version=VERSION)


class _ClaimWriter:
    """HL levels and loops of one transaction set."""

    def __init__(self, envelope: OutboundEnvelope) -> None:
        self.out = Writer()
        self.hl = 0
        day, hour = f"{envelope.created:%Y%m%d}", f"{envelope.created:%H%M}"
        add = self.out.add
        add("BHT", "0019", "00", envelope.batch_ref, day, hour, "CH")
        add("NM1", "41", "2", envelope.submitter_name, "", "", "", "", "46", envelope.sender_id)
        phone = "".join(c for c in envelope.contact_phone if c.isdigit())
        add("PER", "IC", envelope.contact_name, "TE", phone.rjust(10, "0")[-10:])
        add("NM1", "40", "2", envelope.receiver_name, "", "", "", "", "46", envelope.receiver_id)

    def _level(self, parent: str, code: str, children: bool) -> str:
        self.hl += 1
        self.out.add("HL", str(self.hl), parent, code, "1" if children else "0")
        return str(self.hl)

    def billing_group(self, claims: Sequence[Claim]) -> None:
        billing = claims[0].billing
        top = self._level("", "20", True)
        if billing.taxonomy:
            self.out.add("PRV", "BI", "PXC", billing.taxonomy)
        self._name("85", billing)
        self._address(billing.address)
        self.out.add("REF", billing.tax_id_kind, billing.tax_id)
        for claim in claims:
            self._subscriber(top, claim)

    def _name(self, entity: str, provider: Provider) -> None:
        kind = "2" if provider.is_organization else "1"
        npi = ("XX", provider.npi) if provider.npi else ("", "")
        self.out.add(
            "NM1", entity, kind, provider.last_or_organization, provider.first,
            provider.middle, "", provider.suffix, *npi,
        )  # fmt: skip

    def _address(self, address: Address) -> None:
        if address.line1:
            self.out.add("N3", address.line1, address.line2)
            self.out.add("N4", address.city, address.state, address.zip, "" if address.country == "US" else address.country)

    def _person(self, entity: str, person: Person, *, member: bool) -> None:
        kind = "2" if person.is_organization else "1"
        number = ("MI", person.member_id) if member and person.member_id else ("", "")
        self.out.add(
            "NM1", entity, kind, person.last, person.first, person.middle, "",
            person.suffix, *number,
        )  # fmt: skip

    def _born(self, person: Person) -> None:
        if person.birth_date is not None:
            self.out.add("DMG", "D8", f"{person.birth_date:%Y%m%d}", person.sex or "U")

    def _subscriber(self, top: str, claim: Claim) -> None:
        subscriber = claim.subscriber
        dependent = claim.patient is not None
        level = self._level(top, "22", dependent)
        self.out.add(
            "SBR", subscriber.sequence, "" if dependent else "18",
            subscriber.group_number, subscriber.group_name, subscriber.insurance_type,
            "", "", "", subscriber.filing_indicator,
        )  # fmt: skip
        self._person("IL", subscriber.person, member=True)
        self._address(subscriber.person.address)
        self._born(subscriber.person)
        self.out.add("NM1", "PR", "2", claim.payer.name, "", "", "", "", "PI", claim.payer.edi_id)
        self._address(claim.payer.address)
        if claim.patient is not None:
            self._level(level, "23", False)
            self.out.add("PAT", subscriber.relationship)
            self._person("QC", claim.patient, member=False)
            self._address(claim.patient.address)
            self._born(claim.patient)
        self._claim(claim)

    def _claim(self, claim: Claim) -> None:
        out = self.out
        facility = out.composite(claim.place_of_service, "B", claim.frequency)
        accident = out.composite(*claim.accident)
        if claim.accident_state:
            causes = (*claim.accident, "", "", "")[:3]
            accident = out.composite(*causes, claim.accident_state)
        out.add(
            "CLM", claim.pcn, plain(claim.charge), "", "", facility,
            claim.provider_signature, claim.accept_assignment, claim.assign_benefits,
            claim.release, "", accident, composites=(5, 11),
        )  # fmt: skip
        for code, day in (
            ("431", claim.onset_date),
            ("439", claim.accident_date),
            ("435", claim.admission_date),
        ):
            if day is not None:
                out.add("DTP", code, "D8", f"{day:%Y%m%d}")
        if claim.patient_paid is not None:
            out.add("AMT", "F5", plain(claim.patient_paid))
        self._references(claim)
        if claim.note:
            out.add("NTE", claim.note_kind, claim.note)
        self._diagnoses(claim)
        self._providers(claim)
        for other in claim.other_payers:
            self._other(other)
        for line in claim.lines:
            self._line(line)

    def _references(self, claim: Claim) -> None:
        for code, value in (
            ("9F", claim.referral),
            ("G1", claim.prior_auth),
            ("F8", claim.payer_icn),
            ("X4", claim.clia),
            ("EA", claim.medical_record),
        ):
            if value:
                self.out.add("REF", code, value)

    def _diagnoses(self, claim: Claim) -> None:
        if claim.diagnoses:
            codes = [
                self.out.composite("ABK" if n == 0 else "ABF", code)
                for n, code in enumerate(claim.diagnoses)
            ]
            self.out.add("HI", *codes, composites=range(1, 13))

    def _providers(self, claim: Claim) -> None:
        if claim.referring:
            self._name("DN", claim.referring)
        if claim.rendering:
            self._name("82", claim.rendering)
            if claim.rendering.taxonomy:
                self.out.add("PRV", "PE", "PXC", claim.rendering.taxonomy)
        if claim.facility:
            self._name("77", claim.facility)
            self._address(claim.facility.address)
        if claim.supervising:
            self._name("DQ", claim.supervising)

    def _other(self, other: OtherPayer) -> None:
        out, sub = self.out, other.subscriber
        out.add(
            "SBR", sub.sequence, sub.relationship, sub.group_number, sub.group_name,
            sub.insurance_type, "", "", "", sub.filing_indicator,
        )  # fmt: skip
        self._cas(other.adjustments)
        for code, amount in (
            ("D", other.paid),
            ("A8", other.non_covered),
            ("EAF", other.remaining_patient),
        ):
            if amount is not None:
                out.add("AMT", code, plain(amount))
        out.add("OI", "", "", other.benefits_assigned, "", "", other.release)
        self._person("IL", sub.person, member=True)
        self._address(sub.person.address)
        out.add("NM1", "PR", "2", other.payer.name, "", "", "", "", "PI", other.payer.edi_id)
        self._address(other.payer.address)
        if other.decided_on is not None:
            out.add("DTP", "573", "D8", f"{other.decided_on:%Y%m%d}")
        if other.icn:
            out.add("REF", "F8", other.icn)

    def _cas(self, adjustments: Sequence[Adjustment]) -> None:
        for group, found in groupby(adjustments, key=lambda a: a.group):
            listed = list(found)
            for start in range(0, len(listed), 6):
                elements = [
                    text
                    for a in listed[start : start + 6]
                    for text in (a.carc, plain(a.amount), a.quantity or "")
                ]
                self.out.add("CAS", group, *elements)

    def _line(self, line: ServiceLine) -> None:
        out = self.out
        out.add("LX", str(line.number))
        modifiers = (*line.modifiers, "", "", "", "")[:4]
        code = out.composite(line.code_kind, line.code, *modifiers, line.description)
        pointers = out.composite(*(str(p) for p in line.pointers))
        out.add(
            "SV1", code, plain(line.charge), line.unit_kind, plain(line.units),
            line.place_of_service, "", pointers, "", "Y" if line.emergency else "",
            composites=(1, 7),
        )  # fmt: skip
        if line.service_to is None:
            out.add("DTP", "472", "D8", f"{line.service_from:%Y%m%d}")
        else:
            span = f"{line.service_from:%Y%m%d}-{line.service_to:%Y%m%d}"
            out.add("DTP", "472", "RD8", span)
        for kind, value in (("G1", line.prior_auth), ("6R", line.line_ref)):
            if value:
                out.add("REF", kind, value)
        if line.note:
            out.add("NTE", "ADD", line.note)
        self._drug(line)
        if line.rendering:
            self._name("82", line.rendering)
            if line.rendering.taxonomy:
                out.add("PRV", "PE", "PXC", line.rendering.taxonomy)
        for decision in line.decisions:
            self._decision(decision)

    def _drug(self, line: ServiceLine) -> None:
        if line.ndc:
            self.out.add("LIN", "", "N4", line.ndc)
            if line.ndc_quantity is not None:
                self.out.add(
                    "CTP", "", "", "", plain(line.ndc_quantity), line.ndc_unit or "UN"
                )

    def _decision(self, decision: LineDecision) -> None:
        out = self.out
        code = out.composite("HC", decision.code, *decision.modifiers)
        out.add(
            "SVD", decision.payer_edi_id, plain(decision.paid), code, "",
            plain(decision.units), composites=(3,),
        )  # fmt: skip
        self._cas(decision.adjustments)
        if decision.decided_on is not None:
            out.add("DTP", "573", "D8", f"{decision.decided_on:%Y%m%d}")
        if decision.remaining_patient is not None:
            out.add("AMT", "EAF", plain(decision.remaining_patient))
