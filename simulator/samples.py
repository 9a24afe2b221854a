"""``python -m simulator.samples`` writes ``samples/charges.837``, always the same.

Fifty claims of one fictional practice, as its practice system would export them on
2026-01-12. People, member numbers and NPIs are invented (the NPIs satisfy the check
digit, except where a claim is meant to fail); procedures are numbers without words.
What happens to each claim is in ``samples/fates.yaml``, by member number.
"""

import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from claims.claim import (
    Address,
    Claim,
    Payer,
    Person,
    Provider,
    ServiceLine,
    Subscriber,
)
from claims.money import usd
from edi.segments import OutboundEnvelope
from edi.x837 import write_claims

START = date(2026, 1, 12)
SAMPLES = Path(__file__).resolve().parents[1] / "samples"

PRACTICE = "HARBOR POINT FAMILY MEDICINE"
BILLING_NPI = "1900000013"
RENDERING_NPI = "1900000021"
INVALID_NPI = "1900000022"
REFERRING_NPI = "1900000039"
CHARGES = {
    "99213": usd("165.00"),
    "99214": usd("240.00"),
    "20610": usd("180.00"),
    "73721": usd("890.00"),
    "87880": usd("38.00"),
    "93000": usd("60.00"),
    "96372": usd("45.00"),
}
PAYERS = {
    "N": (Payer(name="NORTHLAKE MUTUAL HEALTH", edi_id="99001"), "CI", "NLM2001"),
    "M": (Payer(name="PART B CONTRACTOR EXAMPLE", edi_id="99002"), "MB", "MBF3001"),
    "R": (Payer(name="RIVERBEND COMMUNITY PLAN", edi_id="99003"), "MC", "RVB4001"),
    "U": (Payer(name="SUMMIT TRAIL HEALTH", edi_id="88001"), "CI", "STH5001"),
}

# payer, member, sex, birth date, day of January 2026, lines, diagnoses, flags
VISITS = """
N 01 F 1984-02-14 02 99213+87880        J029        -
N 02 M 1979-11-09 02 99213              I10         -
N 03 F 1991-05-23 02 99214              E119,I10    -
N 04 M 1968-08-30 02 99213:25+20610:RT  M1711       -
N 05 F 1975-12-01 05 99214+93000        R079        -
N 06 M 1988-03-17 05 99213              M5450       -
N 07 F 2016-07-12 05 99213+87880        J0300       child
N 08 M 1982-09-28 05 99214              F411        -
N 09 F 1995-01-19 06 99213+96372        J209        -
N 10 M 1971-06-04 06 99213:25+20610:LT  M1712       -
N 11 F 1986-10-22 06 99213              N390        -
N 12 M 2018-04-03 06 99213              H6691       child
N 01 F 1984-02-14 08 99213              J029        -
N 14 F 1990-08-15 05 99213              R519        -
N 15 M 1977-02-27 06 99214              E785        -
N 16 F 1969-04-11 07 73721:RT           M25561      ref
N 17 M 1993-12-30 07 99213              L309        -
N 18 F 1980-07-07 07 99214+93000        R002        -
N 19 M 1985-03-02 07 99214              M542        ref
N 20 F 1966-11-13 08 73721:LT           M25562      ref,auth
N 21 M 1972-05-05 08 20610:RT           M1711       -
N 22 F 1974-09-09 08 20610:RT+99213     M1711,M7061 -
N 23 M 1989-06-18 08 99214+96372        J441        -
N 24 F 1983-01-26 09 99214              I10,E785    -
N 25 M 1997-10-10 09 99213+96372        E538        -
N 26 F 1981-12-24 09 99213              K219        spouse
N 27 M 1992-02-08 09 99213              -           -
M 01 F 1949-03-21 02 99214+93000        I2510       -
M 02 M 1944-07-15 02 99213              E119        -
M 03 F 1951-10-02 05 99214              J449        -
M 04 M 1947-01-30 05 99213:25+20610:RT  M1711       -
M 05 F 1953-05-11 06 99213              I10         -
M 06 M 1940-12-19 06 99214              N1831       -
M 07 F 1948-08-06 07 99213+93000        I480        -
M 08 M 1955-04-25 07 99214              E1165       -
M 09 F 1946-09-14 08 99213              H6122       -
M 10 M 1952-02-20 08 99214              I509        -
M 11 F 1950-06-29 09 99214+93000        R55         -
M 12 M 1943-11-03 09 99213              M109        badnpi
R 01 F 1994-03-08 02 99213              J069        -
R 02 M 2019-09-01 05 99213+87880        J020        child
R 03 F 1987-12-12 06 99214              F329        -
R 04 M 2014-05-27 06 99213              H1033       child
R 05 F 1999-01-05 07 99213              N760        -
R 06 M 1978-10-31 07 99214              G43909      -
R 07 F 1985-06-21 08 99213              L2089       -
R 08 M 1996-04-16 08 99213              R109        -
R 09 F 1973-08-23 09 99214              E039        -
R 10 M 1990-07-02 09 99213              J302        shortzip
U 01 F 1982-05-14 08 99213              R051        -
"""

_LAST = """
ASHGROVE BELLWETHER CINDERMOOR DUNMARROW ELDERWICK FAIRHOLLOW GOSSAMER HARTLEDGE
INKWELL JUNIPERTON KESTRELMAN LARKSWOOD MERRIDEW NETTLESHIP OAKENFELL PEBBLEBROOK
QUILLSBY RAVENSCAR SALTMARSH TUMBLEWICK UNDERHILLE VALEMONT WILLOWMERE YARROWDALE
ZEPHYRINE AMBERLEIGH BRIARCOMBE CLOVERDENE DRIFTWELL EMBERTON FOXGLOVER GREENSTAITH
HOLLYHURST IVORYBANK JESSAMER KINGFISHE LANTERNER MOSSWATER NIGHTINGALL ORCHARDIN
PENNYWORTHE QUARRYDEN ROSEHOLT SPARROWEN THORNBECK UMBERLY VIOLETTE WAXWINGER
YEWBRIDGE ZINNIADEL
"""
_FIRST = """
ODETTE BARNABY ISADORA CASSIUS WINIFRED LEOPOLD MARIGOLD AUGUSTIN CORDELIA TOBIAS
HENRIETTA MORTIMER
"""
LAST_NAMES = tuple(_LAST.split())
FIRST_NAMES = tuple(_FIRST.split())
STREETS = ("ALDER LANE", "BIRCH COURT", "CEDAR ROW", "DOCK STREET", "ELM PLACE")


@dataclass(frozen=True)
class Visit:
    """One row of the table."""

    place: int
    payer: str
    member: str
    sex: str
    born: date
    dos: date
    lines: str
    diagnoses: tuple[str, ...]
    flags: tuple[str, ...]

    @property
    def member_id(self) -> str:
        """The plan's number of the member."""
        return PAYERS[self.payer][2] + self.member


def visits() -> list[Visit]:
    """The table, read."""
    return [
        _visit(place, row.split())
        for place, row in enumerate(VISITS.strip().splitlines(), start=1)
    ]


def _visit(place: int, row: list[str]) -> Visit:
    payer, member, sex, born, day, lines, diagnoses, flags = row
    return Visit(
        place=place,
        payer=payer,
        member=member,
        sex=sex,
        born=date.fromisoformat(born),
        dos=date(START.year, START.month, int(day)),
        lines=lines,
        diagnoses=() if diagnoses == "-" else tuple(diagnoses.split(",")),
        flags=() if flags == "-" else tuple(flags.split(",")),
    )


def claims() -> list[Claim]:
    """The fifty claims as the practice system exports them."""
    return [_claim(visit) for visit in visits()]


def _claim(visit: Visit) -> Claim:
    payer, indicator, _ = PAYERS[visit.payer]
    lines = tuple(
        _line(n, text, visit) for n, text in enumerate(visit.lines.split("+"), start=1)
    )
    holder, patient, relationship = _people(visit)
    return Claim(
        pcn=f"HP26{visit.place:04d}",
        charge=sum((line.charge for line in lines), usd(0)),
        place_of_service="11",
        prior_auth=f"NA26{visit.place:05d}" if "auth" in visit.flags else "",
        diagnoses=visit.diagnoses,
        billing=_billing(short_zip="shortzip" in visit.flags),
        subscriber=Subscriber(
            relationship=relationship, filing_indicator=indicator, person=holder
        ),
        patient=patient,
        payer=payer,
        rendering=Provider(
            last_or_organization="TIDEWELL",
            first="ROWENA",
            npi=INVALID_NPI if "badnpi" in visit.flags else RENDERING_NPI,
            taxonomy="207Q00000X",
        ),
        referring=Provider(
            last_or_organization="HOLMWOOD", first="CALEB", npi=REFERRING_NPI
        )
        if "ref" in visit.flags
        else None,
        lines=lines,
    )


def _line(number: int, text: str, visit: Visit) -> ServiceLine:
    code, *modifiers = text.split(":")
    return ServiceLine(
        number=number,
        code=code,
        modifiers=tuple(modifiers),
        charge=CHARGES[code],
        units=Decimal(1),
        pointers=(1,) if visit.diagnoses else (),
        service_from=visit.dos,
        line_ref=f"HP26{visit.place:04d}L{number}",
    )


def _people(visit: Visit) -> tuple[Person, Person | None, str]:
    """The policy holder, the patient when it is somebody else, and the relationship."""
    first_visit = next(v for v in visits() if v.member_id == visit.member_id)
    place = first_visit.place - 1
    address = Address(
        line1=f"{100 + place} {STREETS[place % len(STREETS)]}",
        city="LAKEPORT",
        state="IL",
        zip="625010002",
    )
    patient = Person(
        last=LAST_NAMES[place],
        first=FIRST_NAMES[place % len(FIRST_NAMES)],
        birth_date=visit.born,
        sex=visit.sex,
        address=address,
    )
    relationship = {"child": "19", "spouse": "01"}.get("".join(visit.flags), "18")
    if relationship == "18":
        return patient.model_copy(update={"member_id": visit.member_id}), None, "18"
    holder = Person(
        last=LAST_NAMES[place],
        first=FIRST_NAMES[(place + 5) % len(FIRST_NAMES)],
        birth_date=date(1980 + place % 9, 1 + place % 12, 3 + place % 20),
        sex="F" if visit.sex == "M" else "M",
        address=address,
        member_id=visit.member_id,
    )
    return holder, patient, relationship


def _billing(*, short_zip: bool) -> Provider:
    return Provider(
        last_or_organization=PRACTICE,
        npi=BILLING_NPI,
        taxonomy="207Q00000X",
        tax_id="000000001",
        address=Address(
            line1="40 HARBOR ROAD",
            city="LAKEPORT",
            state="IL",
            zip="62501" if short_zip else "625010001",
        ),
        is_organization=True,
    )


def charges_837() -> bytes:
    """The file: one interchange, one set, a line for each segment."""
    envelope = OutboundEnvelope(
        sender_id="HARBORPOINT",
        receiver_id="CLAIMTHREAD",
        isa13=1,
        gs06=1,
        created=datetime(START.year, START.month, START.day, 13, tzinfo=UTC),
        batch_ref="HP20260112",
        submitter_name=PRACTICE,
        contact_name="BILLING DESK",
        contact_phone="5555550140",
        receiver_name="CLAIMTHREAD",
    )
    return write_claims(claims(), envelope).replace(b"~", b"~\n")


def main() -> int:
    """Write the file."""
    target = SAMPLES / "charges.837"
    target.write_bytes(charges_837())
    sys.stdout.write(f"Wrote {target.name}: {len(visits())} claims.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
