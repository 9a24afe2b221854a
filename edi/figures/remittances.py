"""835: payments, claims, adjustments, and what does not add up, counted."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from claims.money import ZERO
from edi.figures.counting import MOST_LISTED, amount_of, code, listed, money
from edi.interchange import Segment, TransactionSet

PLB_PLACES = range(3, 14, 2)
CAS_PLACES = range(2, 19, 3)


@dataclass
class _Claim:
    """A CLP with what its CAS and SVC segments add up to."""

    number: str
    charge: Decimal
    paid: Decimal
    adjusted: Decimal = ZERO
    lines: int = 0
    lines_paid: Decimal = ZERO


@dataclass
class _Payment:
    """One set: what it pays, and what its claims and PLB say it should."""

    control: str
    amount: Decimal = ZERO
    claims: Decimal = ZERO
    outside: Decimal = ZERO


@dataclass
class RemittanceFigures:
    """Counts 835s."""

    counts: Counter[str] = field(default_factory=Counter)
    charged: Decimal = ZERO
    paid: Decimal = ZERO
    share: Decimal = ZERO
    payments: list[str] = field(default_factory=list)
    total: Decimal = ZERO
    traces: list[str] = field(default_factory=list)
    outside: Decimal = ZERO
    outside_codes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    reasons: set[str] = field(default_factory=set)
    remarks: set[str] = field(default_factory=set)
    off_claims: list[str] = field(default_factory=list)
    off_sets: list[str] = field(default_factory=list)
    claim: _Claim | None = None

    def take(self, one: TransactionSet, component: str) -> None:
        """Count a set."""
        payment = _Payment(one.control_number)
        for segment in one.segments:
            tag = segment.tag
            if tag == "CLP":
                self._clp(segment, payment)
            elif tag == "SVC":
                self._svc(segment)
            elif tag == "CAS":
                self._cas(segment)
            elif tag == "LQ":
                self.remarks.add(f"{code(segment.get(1))}:{code(segment.get(2))}")
            elif tag in ("LX", "SE"):
                self._end()
            elif tag == "PLB":
                self._end()
                self._plb(segment, component, payment)
            elif tag in ("BPR", "TRN") and self.claim is None:
                self._head(segment, payment)
        self._end()
        if payment.claims - payment.outside != payment.amount:
            self.off_sets.append(payment.control)

    def _head(self, segment: Segment, payment: _Payment) -> None:
        tag = segment.tag
        self.counts[tag] += 1
        few = self.counts[tag] <= MOST_LISTED
        if tag == "TRN" and few:
            self.traces.append(segment.get(2))
        elif tag == "BPR":
            payment.amount = amount_of(segment.get(2))
            self.total += payment.amount
            if few:
                self.payments.append(money(payment.amount))

    def _clp(self, segment: Segment, payment: _Payment) -> None:
        self._end()
        charge, paid = amount_of(segment.get(3)), amount_of(segment.get(4))
        self.claim = _Claim(segment.get(1), charge, paid)
        self.counts["CLP"] += 1
        self.statuses[code(segment.get(2))] += 1
        self.charged += charge
        self.paid += paid
        self.share += amount_of(segment.get(5))
        payment.claims += paid

    def _svc(self, segment: Segment) -> None:
        self.counts["SVC"] += 1
        if self.claim is not None:
            self.claim.lines += 1
            self.claim.lines_paid += amount_of(segment.get(3))

    def _cas(self, segment: Segment) -> None:
        for place in CAS_PLACES:
            reason, amount = segment.get(place), segment.get(place + 1)
            if reason:
                self.reasons.add(f"{code(segment.get(1))}-{code(reason)}")
            if amount and self.claim is not None:
                self.claim.adjusted += amount_of(amount)

    def _plb(self, segment: Segment, component: str, payment: _Payment) -> None:
        for place in PLB_PLACES:
            if segment.get(place) or segment.get(place + 1):
                amount = amount_of(segment.get(place + 1))
                self.outside_codes[code(segment.part(place, 1, component))] += 1
                self.outside += amount
                payment.outside += amount

    def _end(self) -> None:
        claim, self.claim = self.claim, None
        if claim is None:
            return
        if claim.charge - claim.adjusted != claim.paid:
            self.off_claims.append(claim.number)
        if claim.lines and claim.lines_paid != claim.paid:
            self.counts["lines off"] += 1

    def result(self) -> dict[str, Any]:
        """Payments, claims, adjustments; what is off only where something is."""
        found: dict[str, Any] = {
            "clp": self.counts["CLP"],
            "svc": self.counts["SVC"],
            "sum_clp03": money(self.charged),
            "sum_clp04": money(self.paid),
            "sum_clp05": money(self.share),
            "bpr02": listed(self.payments, self.counts["BPR"]),
            "trn02": listed(self.traces, self.counts["TRN"]),
            "plb_sum": money(self.outside),
            "plb_codes": dict(self.outside_codes),
            "balanced_claims": not self.off_claims,
            "balanced_transactions": not self.off_sets,
            "clp02": dict(self.statuses),
            "cas": sorted(self.reasons),
        }
        if self.counts["BPR"] > MOST_LISTED:
            found["bpr02_sum"] = money(self.total)
        if self.off_claims:
            found["unbalanced_claims"] = len(self.off_claims)
            found["unbalanced_claim_ids"] = self.off_claims
        if self.off_sets:
            found["unbalanced_st"] = len(self.off_sets)
            found["unbalanced_st_ids"] = self.off_sets
        if self.counts["lines off"]:
            found["svc_paid_ne_clp04"] = self.counts["lines off"]
        if self.remarks:
            found["lq"] = sorted(self.remarks)
        return found
