"""Service lines and earlier payers' decisions of an 837P (2320 CAS, 2400, 2430)."""

from collections.abc import Sequence

from claims.adjustment import Adjustment
from claims.claim import LineDecision, ServiceLine
from edi.cas_write import cas_segments
from edi.errors import UnwritableError
from edi.writer import Writer, check, d8, plain
from edi.x837_write_parties import Parties, values_of

MAX_CAS = 5
MAX_LINES = 50
_LX = tuple(f"LX*{number}~" for number in range(1, MAX_LINES + 1))
# What a line says of itself and by itself; its number is counted, not read.
_LINE = values_of(
    ServiceLine, "number", "line_ref", "rendering", "ordering", "decisions"
)


class Lines:
    """Writes 2400 and 2430. Lines that differ in REF*6R alone are made once."""

    def __init__(self, out: Writer, parties: Parties) -> None:
        """Into this set."""
        self.out = out
        self.parties = parties
        self._known: dict[object, tuple[str, str]] = {}

    def write(self, lines: Sequence[ServiceLine]) -> None:
        """LX to the last SVD of each, of as many as the guide allows."""
        known, add = self._known, self.out.segments.append
        for lx, line in zip(_LX, lines, strict=False):
            fields = line.__dict__
            values, ref = _LINE(fields), fields["line_ref"]
            texts = known.get(values)
            if texts is None:
                known[values] = self._new(lx, line)
            elif ref:
                if not (ref.isascii() and ref.isalnum()):
                    check(ref, "REF02")
                add(f"{lx}{texts[0]}REF*6R*{ref}~{texts[1]}")
            else:
                add(f"{lx}{texts[0]}{texts[1]}")
            if fields["rendering"] or fields["ordering"] or fields["decisions"]:
                self._others(line)

    def _new(self, lx: str, line: ServiceLine) -> tuple[str, str]:
        """Write it; the texts before and after REF*6R."""
        out = self.out
        out.segments.append(lx)
        start = len(out.segments)
        self._procedure(line)
        self._service_days(line)
        before = out.since(start)
        out.ref("6R", line.line_ref)
        start = len(out.segments)
        out.ref("G1", line.prior_auth)
        if line.note:
            out.add("NTE", "ADD", out.text(line.note, "NTE02"))
        self._drug(line)
        return before, out.since(start)

    def _procedure(self, line: ServiceLine) -> None:
        out = self.out
        modifiers = (*line.modifiers, "", "", "", "")[:4]
        words = out.text(line.description, "SV101-7")
        out.add(
            "SV1",
            out.composite(line.code_kind, line.code, *modifiers, words),
            *(plain(line.charge), line.unit_kind, plain(line.units)),
            *(line.place_of_service, ""),
            out.composite(*(str(p) for p in line.pointers)),
            *("", "Y" if line.emergency else ""),
        )

    def _service_days(self, line: ServiceLine) -> None:
        first = d8(line.service_from)
        if line.service_to is None:
            self.out.add("DTP", "472", "D8", first)
        else:
            self.out.add("DTP", "472", "RD8", f"{first}-{d8(line.service_to)}")

    def _drug(self, line: ServiceLine) -> None:
        if not line.ndc:
            return
        self.out.add("LIN", "", "N4", line.ndc)
        if line.ndc_quantity is not None:
            unit = line.ndc_unit or "UN"
            self.out.add("CTP", "", "", "", plain(line.ndc_quantity), unit)

    def _others(self, line: ServiceLine) -> None:
        """Who else had a part in it."""
        if line.rendering:
            self.parties.rendering(line.rendering)
        if line.ordering:
            self.parties.provider("DK", line.ordering)
        for decision in line.decisions:
            self._decision(decision)

    def _decision(self, decision: LineDecision) -> None:
        out = self.out
        out.add(
            *("SVD", decision.payer_edi_id, plain(decision.paid)),
            out.composite("HC", decision.code, *decision.modifiers),
            *("", plain(decision.units)),
        )
        self.cas(decision.adjustments)
        out.day("573", decision.decided_on)
        if decision.remaining_patient is not None:
            out.add("AMT", "EAF", plain(decision.remaining_patient))

    def cas(self, adjustments: Sequence[Adjustment]) -> None:
        """CAS of a claim or a line.

        Raises:
            UnwritableError: more than the guide has room for, or group CR.
        """
        segments = cas_segments(adjustments)
        if len(segments) > MAX_CAS:
            raise too_many("CAS", len(segments), MAX_CAS)
        for segment in segments:
            self.out.add("CAS", *segment)


def too_many(name: str, count: int, limit: int) -> UnwritableError:
    """More than the guide allows would be cut off silently by the receiver."""
    return UnwritableError(
        f"{name}: {count} are more than the {limit} an 837P can carry. Nothing "
        "was written. Split the claim.",
        field=name,
    )
