"""835 in: remittances (005010X221A1, R-ERA-02, R-ERA-06).

One ``Remittance`` per transaction set. Positions are segment numbers, because
trace number and claim number together are not unique: a payer may reverse and re-pay a
claim inside one 835. A set without its end, with a control number used before, or with
an amount that cannot be read is never among the remittances: what could be read of it
is ``incomplete``, and ``errors`` says why.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO

from claims.remittance import (
    ProviderAdjustment,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
)
from edi.errors import EdiError, EdiWarning
from edi.interchange import Run
from edi.loops import Loop
from edi.segments import (
    FileKind,
    InterchangeHeader,
    Segment,
    TransactionSet,
    component_separator,
    each_set,
    maybe_date,
    read_amount,
)
from edi.x835_claims import ClaimTexts, UnusualError
from edi.x835_hash import content_hash
from edi.x837_line import read_adjustments

PLB_PAIRS = 6


@dataclass(frozen=True)
class RemittanceFile:
    """The complete transaction sets of a file, and what is wrong with the others.

    ``incomplete`` must never be posted: its sets are cut off or unreadable.
    """

    remittances: tuple[Remittance, ...]
    warnings: tuple[EdiWarning, ...]
    header: InterchangeHeader
    errors: tuple[EdiWarning, ...] = ()
    incomplete: tuple[Remittance, ...] = ()


@dataclass(frozen=True)
class ReadSet:
    """One 835 as far as it can be read; with a ``problem`` it must not be posted."""

    header: InterchangeHeader
    remittance: Remittance | None
    problem: EdiWarning | None
    warnings: tuple[EdiWarning, ...] = ()


def read_remittances(content: bytes, *, partial: bool = False) -> RemittanceFile:
    """Read every 835 of a file.

    Args:
        content: the file.
        partial: return also when no set is complete, for a look at a broken file.

    Raises:
        EdiError: no X12, no 835 in it, or (unless ``partial``) no set is complete.
    """
    envelopes: list[EdiWarning] = []
    found = list(each_remittance(content, envelopes))
    good = [one.remittance for one in found if one.problem is None and one.remittance]
    errors = tuple(one.problem for one in found if one.problem is not None)
    if not good and not partial:
        raise none_is_whole(errors[0])
    return RemittanceFile(
        tuple(good),
        (*envelopes, *(warning for one in found for warning in one.warnings)),
        found[0].header,
        errors,
        tuple(one.remittance for one in found if one.problem and one.remittance),
    )


def none_is_whole(problem: EdiWarning) -> EdiError:
    """What to raise when every set of a file has a problem, such as this one."""
    return EdiError(
        f"No remittance of the file is whole: {problem.message}. Nothing was read. "
        "Ask the sender for the whole file.",
        segment=problem.segment,
        field=problem.code,
    )


def read_set_at(content: bytes, position: int) -> Remittance:
    """The one whole set whose ST is this segment of the file.

    Raises:
        EdiError: there is none, or it is not whole.
    """
    for one in each_set(content, FileKind.X835, warnings=[]):
        if one.st.number == position:
            found = read_set(one, set())
            if found.remittance is None or found.problem is not None:
                break
            return found.remittance
    raise EdiError(
        "The file has no whole remittance at this segment. Nothing was read.",
        segment=position,
        field="ST",
    )


def each_remittance(
    content: bytes | BinaryIO, envelopes: list[EdiWarning]
) -> Iterator[ReadSet]:
    """The 835s of a file or a stream, one at a time.

    Args:
        content: the file, or a stream of its bytes.
        envelopes: takes what is wrong with the envelopes, at the end.

    Raises:
        EdiError: no X12, or no 835 in it.
    """
    traces: set[tuple[str, str]] = set()
    for one in each_set(content, FileKind.X835, warnings=envelopes):
        yield read_set(one, traces)


def read_set(one: TransactionSet, traces: set[tuple[str, str]]) -> ReadSet:
    """One 835; ``traces`` are those of the sets before it, and takes its own."""
    reader = _Reader(one)
    remittance: Remittance | None = None
    problem = reader.problem
    try:
        remittance = reader.run()
    except EdiError as error:
        problem = EdiWarning(error.segment, error.field, str(error))
    warnings = [reader.warning] if reader.warning else []
    trn = reader.head.first("TRN")
    trace = (trn.get(2), trn.get(3))
    if trace in traces:
        words = "the trace number is used twice in this file"
        warnings.append(EdiWarning(trn.number, "TRN02", words))
    if trn.get(2):
        traces.add(trace)
    return ReadSet(one.header, remittance, problem, tuple(warnings))


def read_plb(segments: list[Segment], component: str) -> Iterator[ProviderAdjustment]:
    """Every reason of the PLB segments, in file order.

    Raises:
        EdiError: an amount cannot be read.
    """
    for segment in segments:
        for place in range(3, 3 + 2 * PLB_PAIRS, 2):
            amount = segment.get(place + 1)
            if not segment.get(place) and not amount:
                continue
            code, reference = segment.parts(place, component, 2)
            yield ProviderAdjustment(
                position=segment.number,
                provider_id=segment.get(1),
                fiscal_period=maybe_date(segment.get(2)),
                code=code,
                reference=reference or None,
                amount=read_amount(amount, segment, f"PLB{place + 1:02d}"),
            )


@dataclass
class _Claim:
    loop: Loop
    lines: list[Loop] = field(default_factory=list)


class _Reader:
    """One transaction set."""

    def __init__(self, one: TransactionSet) -> None:
        self.one = one
        self.sep, self.warning = component_separator(one)
        self.head = Loop()
        self.parties: dict[str, Loop] = {}
        self.party: Loop | None = None
        self.claims: list[_Claim | RemittanceClaim] = []
        self.claim: _Claim | None = None
        """The last one, when its segments are read one by one."""
        self.plb: list[Segment] = []
        self.problem: EdiWarning | None = None
        if not one.complete:
            self.problem = EdiWarning(one.last, "SE", "the file ends inside this set")
        elif one.repeated:
            words = "the control number is used twice in its group"
            self.problem = EdiWarning(one.st.number, "ST02", words)

    def run(self) -> Remittance:
        """The set as far as it goes.

        Raises:
            EdiError: BPR or TRN is missing, or an amount cannot be read.
        """
        if (run := self.one.run) is not None:
            self._take(run)
        else:
            for segment in self.one.segments[1:]:
                self._file(segment)
        return self._remittance()

    def _take(self, run: Run) -> None:
        """Each claim as a whole where it is as usual."""
        marks = self.one.delimiters
        clp = f"{marks.segment}CLP{marks.element}"
        head, *claims = run.text.split(clp)
        number = self._file_all(Run(run.number, head.count(marks.segment), head))
        texts = ClaimTexts(marks, self.sep)
        for text in claims:
            try:
                claim, number = texts.read(text, number)
            except UnusualError:
                count = 1 + text.count(marks.segment)
                number = self._file_all(Run(number, count, clp + text))
            else:
                self.claims.append(claim)

    def _file_all(self, run: Run) -> int:
        """File each segment; the number after the last."""
        for segment in run.cut(self.one.delimiters):
            self._file(segment)
        return run.number + run.count

    def _file(self, segment: Segment) -> None:
        tag = segment.tag
        if tag == "PLB":
            self.plb.append(segment)
        elif tag == "CLP":
            self.claim = _Claim(Loop(segment))
            self.claims.append(self.claim)
        elif tag == "LX":
            self.party = None
        elif self.claim is None:
            self._header(segment)
        elif tag == "SVC":
            self.claim.lines.append(Loop(segment))
        elif self.claim.lines:
            self.claim.lines[-1].take(segment)
        else:
            self.claim.loop.take(segment)

    def _header(self, segment: Segment) -> None:
        if segment.tag == "N1":
            self.party = Loop(segment)
            self.parties.setdefault(segment.get(1), self.party)
        elif self.party is not None:
            self.party.take(segment)
        else:
            self.head.take(segment)

    def _remittance(self) -> Remittance:
        st = self.one.st
        bpr, trn = self._required("BPR"), self._required("TRN")
        payer = self.parties.get("PR", Loop())
        return Remittance(
            position=st.number,
            control_number=st.get(2),
            handling=bpr.get(1),
            paid=read_amount(bpr.get(2), bpr, "BPR02"),
            credit_or_debit=bpr.get(3) or "C",
            method=bpr.get(4),
            payment_date=maybe_date(bpr.get(16)),
            trace=trn.get(2),
            originator=trn.get(3),
            payer_name=payer.head.get(2),
            payer_edi_id=payer.ref("2U") or payer.head.get(4) or trn.get(3),
            **self._payee(),
            claims=tuple(
                self._claim(c) if isinstance(c, _Claim) else c for c in self.claims
            ),
            provider_adjustments=tuple(read_plb(self.plb, self.sep)),
            content_hash=content_hash(self.one, self.sep),
        )

    def _payee(self) -> dict[str, Any]:
        payee = self.parties.get("PE", Loop())
        kind, code = payee.head.get(3), payee.head.get(4)
        return {
            "payee_name": payee.head.get(2),
            "payee_npi": code if kind == "XX" else "",
            "payee_tax_id": code if kind == "FI" else payee.ref("TJ"),
        }

    def _required(self, tag: str) -> Segment:
        found = self.head.first(tag)
        if not found.tag:
            number = self.one.st.number
            raise EdiError(f"{tag} is missing", segment=number, field=tag)
        return found

    def _claim(self, found: _Claim) -> RemittanceClaim:
        clp, loop = found.loop.head, found.loop
        return RemittanceClaim(
            position=clp.number,
            pcn=clp.get(1),
            status=clp.get(2),
            charge=read_amount(clp.get(3), clp, "CLP03"),
            paid=read_amount(clp.get(4), clp, "CLP04"),
            patient_responsibility=read_amount(clp.get(5) or "0", clp, "CLP05"),
            filing_indicator=clp.get(6) or None,
            payer_icn=clp.get(7) or None,
            original_icn=loop.ref("F8") or None,
            **_people(loop),
            service_from=_day(loop, "232"),
            service_to=_day(loop, "233"),
            received_on=_day(loop, "050"),
            coverage_amount=_amount(loop, "AU"),
            interest=_amount(loop, "I"),
            adjustments=read_adjustments(loop.all("CAS")),
            rarcs=tuple(_claim_rarcs(loop)),
            lines=tuple(self._line(line) for line in found.lines),
        )

    def _line(self, loop: Loop) -> RemittanceLine:
        svc = loop.head
        kind, code, *rest = svc.parts(1, self.sep, 6)
        return RemittanceLine(
            position=svc.number,
            line_ref=loop.ref("6R") or None,
            code=code or kind,
            code_kind=kind if code else "",
            modifiers=tuple(m for m in rest if m),
            charge=read_amount(svc.get(2), svc, "SVC02"),
            paid=read_amount(svc.get(3) or "0", svc, "SVC03"),
            units=svc.get(5) or None,
            submitted_code=svc.part(6, 2, self.sep) or None,
            service_date=_day(loop, "472") or _day(loop, "150"),
            service_to=_day(loop, "151"),
            adjustments=read_adjustments(loop.all("CAS")),
            rarcs=tuple(
                s.get(2) for s in loop.all("LQ") if s.get(1) == "HE" and s.get(2)
            ),
            allowed=_amount(loop, "B6"),
        )


def _day(loop: Loop, qualifier: str) -> date | None:
    return maybe_date(loop.first("DTM", qualifier).get(2))


def _amount(loop: Loop, qualifier: str) -> Decimal | None:
    segment = loop.first("AMT", qualifier)
    if not segment.get(2):
        return None
    return read_amount(segment.get(2), segment, f"AMT*{qualifier}")


def _people(loop: Loop) -> dict[str, Any]:
    """Patient, member, corrected name and crossover carrier of a claim."""
    empty = Loop()
    patient, insured = loop.name("QC") or empty, loop.name("IL") or empty
    corrected, crossover = loop.name("74") or empty, loop.name("TT") or empty
    return {
        "patient_last": patient.head.get(3),
        "patient_first": patient.head.get(4),
        "member_id": insured.head.get(9) or patient.head.get(9) or None,
        "corrected_last": corrected.head.get(3),
        "corrected_first": corrected.head.get(4),
        "corrected_member_id": corrected.head.get(9) or None,
        "crossover_payer": crossover.head.get(9) or crossover.head.get(3) or None,
    }


def _claim_rarcs(loop: Loop) -> Iterator[str]:
    """Remark codes of MOA03-07, MIA05 and MIA20-23, in that order, each once."""
    moa, mia = loop.first("MOA"), loop.first("MIA")
    found = [moa.get(n) for n in range(3, 8)]
    found += [mia.get(n) for n in (5, 20, 21, 22, 23)]
    yield from dict.fromkeys(code for code in found if code)
