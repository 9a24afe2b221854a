"""Claims and remittances made up by hypothesis: everything our files can carry."""

from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import HealthCheck
from hypothesis import strategies as st

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
from claims.remittance import (
    ProviderAdjustment,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
)
from edi.segments import OutboundEnvelope

SLOW = [
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.large_base_example,
]

ENVELOPE = OutboundEnvelope(
    sender_id="CLAIMTHREAD",
    receiver_id="FICTIONPAY",
    isa13=1001,
    gs06=2001,
    st02="0001",
    created=datetime(2026, 3, 2, 8, 30, tzinfo=UTC),
    batch_ref="B1001",
    submitter_name="EXAMPLE CLINIC",
    contact_name="BILLING DESK",
    contact_phone="(555) 555-0100",
    receiver_name="FICTION PAYER",
    usage="T",
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NPIS = ("1999999984", "1234567893", "1003000126", "1902847361")


def text(most: int) -> st.SearchStrategy[str]:
    """Words as an 837P carries them: no delimiter, single spaces, none at the ends."""
    inner = st.text(LETTERS + "0123456789 '-.,/&()abc", min_size=1, max_size=most)
    return inner.map(lambda t: " ".join(t.split())).filter(
        lambda t: t.strip("'-.,/&() ") != "" and t == t.strip()
    )


def code(most: int, least: int = 1) -> st.SearchStrategy[str]:
    return st.text(LETTERS + "0123456789", min_size=least, max_size=most)


days = st.dates(date(2025, 1, 1), date(2026, 12, 31))
births = st.dates(date(1920, 1, 1), date(2024, 12, 31))
money = st.decimals(Decimal(0), Decimal("99999.99"), places=2)
signed = st.decimals(Decimal("-9999.99"), Decimal("9999.99"), places=2)
units = st.sampled_from([Decimal(n) for n in ("1", "2", "15", "0.5", "2.25")])
maybe = st.none()
npis = st.sampled_from(NPIS)
addresses = st.builds(
    Address,
    line1=text(30),
    line2=st.just("") | text(20),
    city=text(20).filter(lambda t: len(t) > 1),
    state=st.sampled_from(["IL", "OH", "TX"]),
    zip=st.sampled_from(["625010001", "441130002"]),
)


def persons(
    member: bool = True, birth: bool = True, sex: bool = True
) -> st.SearchStrategy[Person]:
    return st.builds(
        Person,
        last=text(30),
        first=text(20),
        middle=st.just("") | text(8),
        suffix=st.sampled_from(["", "JR", "III"]),
        birth_date=births if birth else st.none(),
        sex=st.sampled_from(["F", "M", "U"]) if sex else st.just(""),
        address=addresses,
        member_id=code(12, 2) if member else st.just(""),
    )


def providers(
    *, address: bool = False, full: bool = False
) -> st.SearchStrategy[Provider]:
    return st.builds(
        Provider,
        last_or_organization=text(30),
        first=st.just("") if full or address else text(20),
        npi=npis,
        is_organization=st.just(full or address),
        taxonomy=st.sampled_from(["", "207Q00000X"]) if full else st.just(""),
        tax_id=st.just("123456789") if full else st.just(""),
        address=addresses if full or address else st.just(Address()),
    )


rendering = providers().flatmap(
    lambda p: st.sampled_from(["", "207R00000X"]).map(
        lambda t: p.model_copy(update={"taxonomy": t})
    )
)


def gathered(given: list[Adjustment]) -> tuple[Adjustment, ...]:
    """Group by group, as a file carries them; the order of reasons stays."""
    groups = [one.group for one in given]
    return tuple(sorted(given, key=lambda one: groups.index(one.group)))


adjustments = st.lists(
    st.builds(
        Adjustment,
        group=st.sampled_from(["CO", "PR", "OA", "PI"]),
        carc=st.sampled_from(["1", "2", "45", "97", "A1"]),
        amount=signed.filter(bool),
        quantity=st.sampled_from([None, "1"]),
    ),
    max_size=9,
).map(gathered)
payers = st.builds(Payer, name=text(30), edi_id=code(10, 2), address=st.just(Address()))
modifiers = st.lists(st.sampled_from(["25", "59", "GP", "RT"]), max_size=4).map(tuple)
decisions = st.builds(
    LineDecision,
    payer_edi_id=st.just("OTHER1"),
    paid=money,
    code=st.sampled_from(["99213", "J1100"]),
    modifiers=modifiers,
    units=units,
    adjustments=adjustments,
    decided_on=days,
    remaining_patient=maybe | money,
)


@st.composite
def others(draw: st.DrawFn) -> OtherPayer:
    """A payer who decided before."""
    return OtherPayer(
        subscriber=Subscriber(
            sequence="P",
            relationship=draw(st.sampled_from(["18", "01", "19"])),
            group_number=draw(st.just("") | code(10)),
            filing_indicator=draw(st.sampled_from(["CI", "MB"])),
            person=draw(persons(birth=False, sex=False)),
        ),
        payer=Payer(name=draw(text(20)), edi_id="OTHER1"),
        paid=draw(maybe | money),
        remaining_patient=draw(maybe | money),
        non_covered=draw(maybe | money),
        adjustments=draw(adjustments),
        icn=draw(st.just("") | code(15)),
        decided_on=draw(maybe | days),
    )


@st.composite
def service_lines(draw: st.DrawFn, number: int, pointers: int) -> ServiceLine:
    """A line whose pointers stay within the claim's diagnoses."""
    first = draw(days)
    drug = draw(st.booleans())
    return ServiceLine(
        number=number,
        code=draw(st.sampled_from(["99213", "97110", "J1100", "A0428"])),
        modifiers=draw(modifiers),
        description=draw(st.just("") | text(30)),
        charge=draw(money),
        unit_kind=draw(st.sampled_from(["UN", "MJ"])),
        units=draw(units),
        place_of_service=draw(st.sampled_from(["", "11", "22"])),
        pointers=tuple(range(1, min(pointers, 4) + 1)),
        emergency=draw(st.booleans()),
        service_from=first,
        service_to=draw(st.sampled_from([None, first])),
        line_ref=f"L{number}",
        prior_auth=draw(st.just("") | code(12)),
        rendering=draw(maybe | rendering),
        ordering=draw(maybe | providers()),
        ndc="00004196501" if drug else "",
        ndc_quantity=Decimal("1.5") if drug else None,
        ndc_unit="ML" if drug else "",
        note=draw(st.just("") | text(40)),
        decisions=tuple(draw(st.lists(decisions, max_size=2))),
    )


@st.composite
def claims(draw: st.DrawFn, billing: Provider | None = None) -> Claim:
    """Original, replacement or void; self or dependent; with or without other
    payers."""
    number = draw(st.integers(1, 12))
    diagnoses = tuple(f"J{n:02d}{n % 10}" for n in range(1, number + 1))
    count = draw(st.integers(1, 4))
    lines = tuple(draw(service_lines(n, number)) for n in range(1, count + 1))
    dependent = draw(st.booleans())
    other = tuple(draw(st.lists(others(), max_size=2)))
    if not other:
        lines = tuple(line.model_copy(update={"decisions": ()}) for line in lines)
    frequency = draw(st.sampled_from(["1", "7", "8"]))
    accident = draw(st.sampled_from([(), ("EM",), ("AA", "OA")]))
    return Claim(
        pcn=draw(code(20)),
        charge=draw(money),
        place_of_service=draw(st.sampled_from(["11", "12", "22"])),
        frequency=frequency,
        signature_source=draw(st.sampled_from(["", "P"])),
        delay_reason=draw(st.sampled_from(["", "7"])),
        accident=accident,
        accident_state="OH" if "AA" in accident else "",
        accident_date=draw(days) if accident else None,
        onset_date=draw(maybe | days),
        initial_treatment_date=draw(maybe | days),
        admission_date=draw(maybe | days),
        payer_icn=draw(code(20)) if frequency in "78" else "",
        prior_auth=draw(st.just("") | code(15)),
        referral=draw(st.just("") | code(15)),
        clia=draw(st.sampled_from(["", "12D4567890"])),
        medical_record=draw(st.just("") | code(15)),
        note=draw(st.just("") | text(60)),
        patient_paid=draw(maybe | money),
        diagnoses=diagnoses,
        billing=billing or draw(providers(full=True)),
        pay_to=draw(maybe | addresses) if billing is None else None,
        subscriber=Subscriber(
            sequence="S" if other else "P",
            relationship="19" if dependent else "18",
            group_number=draw(st.just("") | code(12)),
            filing_indicator=draw(st.sampled_from(["CI", "MC"])),
            person=draw(persons(birth=not dependent, sex=not dependent)),
        ),
        patient=draw(persons(member=False)) if dependent else None,
        payer=draw(payers),
        rendering=draw(maybe | rendering),
        referring=draw(maybe | providers()),
        supervising=draw(maybe | providers()),
        facility=draw(maybe | providers(address=True)),
        other_payers=other,
        lines=lines,
    )


remittance_lines = st.builds(
    RemittanceLine,
    position=st.just(1),
    line_ref=maybe | code(12),
    code=st.sampled_from(["99213", "97110", "J1100"]),
    code_kind=st.sampled_from(["HC", "N4"]),
    modifiers=modifiers,
    charge=signed,
    paid=signed,
    units=st.sampled_from([None, "1", "2.5"]),
    submitted_code=st.sampled_from([None, "99214"]),
    service_date=days,
    service_to=maybe | days,
    adjustments=adjustments,
    rarcs=st.lists(st.sampled_from(["N115", "N290", "MA01"]), max_size=3).map(tuple),
    allowed=maybe | money,
)
remittance_claims = st.builds(
    RemittanceClaim,
    position=st.just(1),
    pcn=code(20),
    status=st.sampled_from(["1", "2", "3", "4", "19", "20", "21", "22", "23"]),
    charge=signed,
    paid=signed,
    patient_responsibility=signed,
    filing_indicator=st.sampled_from([None, "12", "MB"]),
    payer_icn=maybe | code(20),
    original_icn=maybe | code(20),
    patient_last=text(30),
    patient_first=text(20),
    member_id=maybe | code(12, 2),
    corrected_last=text(30),
    corrected_first=st.just("") | text(20),
    corrected_member_id=maybe | code(12, 2),
    crossover_payer=maybe | code(10, 2),
    service_from=maybe | days,
    service_to=maybe | days,
    received_on=maybe | days,
    coverage_amount=maybe | money,
    interest=maybe | money,
    adjustments=adjustments,
    rarcs=st.lists(
        st.sampled_from(["MA01", "MA07", "N1", "N2", "N3", "N4"]),
        max_size=5,
        unique=True,
    ).map(tuple),
    lines=st.lists(remittance_lines, max_size=3).map(tuple),
)
provider_adjustments = st.builds(
    ProviderAdjustment,
    position=st.just(1),
    provider_id=npis,
    fiscal_period=days,
    code=st.sampled_from(["WO", "FB", "L6", "CS", "72"]),
    reference=maybe | code(20),
    amount=signed.filter(bool),
)


@st.composite
def remittances(draw: st.DrawFn) -> Remittance:
    """A remittance as a payer writes it, in balance or not."""
    claims = tuple(draw(st.lists(remittance_claims, max_size=3)))
    plb = tuple(draw(st.lists(provider_adjustments, max_size=3)))
    method = draw(st.sampled_from(["ACH", "CHK", "NON"]))
    return Remittance(
        position=1,
        control_number="",
        handling="I",
        paid=draw(money),
        credit_or_debit="C",
        method=method,
        payment_date=draw(days),
        trace=draw(code(20)),
        originator="1" + draw(st.sampled_from(["123456789", "999999999"])),
        payer_name=draw(text(30)),
        payer_edi_id=draw(code(10, 2)),
        payee_name=draw(text(30)),
        payee_npi=draw(npis),
        payee_tax_id=draw(st.sampled_from(["", "123456789"])),
        claims=claims,
        provider_adjustments=plb,
        content_hash="",
    )
