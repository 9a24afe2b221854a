"""A patient's other plans on the claim: each is billed after the one before it (R-COB).

They come from ``coverages.csv``. A plan is put on a claim of a day that it covers,
until the first plan has decided. What the claim names itself stays as it is.
"""

from activities.office import Office
from claims.claim import Claim, OtherPayer, Payer, Subscriber
from payers.profile import PayerProfile
from records import claims, covers, events
from records.claims import ClaimRow
from records.covers import Cover
from records.db import Connection
from records.events import Because

SEQUENCE = "PSTABCDEFGH"
"""SBR01 of the first plan to pay, the second and so on."""
SELF = "18"


def with_covers(conn: Connection, office: Office, read: Claim) -> Claim:
    """The claim with the plans of its patient that it does not name itself."""
    index = claims.patient_ref_index(office.cipher, read.medical_record)
    if index is None or read.subscriber.sequence != SEQUENCE[0]:
        return read
    others = list(read.other_payers)
    named = {read.payer.edi_id, *(one.payer.edi_id for one in others)}
    for cover in covers.of_patient(conn, office.cipher, index):
        profile = office.payers.named(cover.payer_id)
        fits = cover.place > 1 and cover.holds_on(read.service_from)
        if profile is None or not fits or profile.edi.payer_edi_id in named:
            continue
        if len(others) + 1 < len(SEQUENCE):
            named.add(profile.edi.payer_edi_id)
            others.append(_other(cover, profile, read, SEQUENCE[len(others) + 1]))
    return read.model_copy(update={"other_payers": tuple(others)})


def _other(
    cover: Cover, profile: PayerProfile, read: Claim, sequence: str
) -> OtherPayer:
    person = read.patient_person.model_copy(update={"member_id": cover.member_id})
    return OtherPayer(
        subscriber=Subscriber(
            sequence=sequence,
            relationship=SELF,
            group_number=cover.group_no,
            filing_indicator=profile.edi.claim_filing_indicator,
            person=person,
        ),
        payer=Payer(name=profile.name, edi_id=profile.edi.payer_edi_id),
    )


def spread(conn: Connection, office: Office, ref_index: str, why: Because) -> None:
    """Put a patient's plans on the claims that the first plan has not decided yet."""
    for row in claims.of_patient(conn, ref_index):
        if not _is_undecided(row):
            continue
        before = claims.content(conn, office.cipher, row.id)
        after = with_covers(conn, office, before)
        if after == before:
            continue
        claims.replace_content(conn, office.cipher, row.id, after)
        more = len(after.other_payers) - len(before.other_payers)
        plans = "another plan" if more == 1 else f"{more} other plans"
        words = f"{plans[:1].upper()}{plans[1:]} of the patient will be billed next"
        events.add(conn, why.by_rule("R-COB-01"), "coverage", words, claim_id=row.id)


def _is_undecided(row: ClaimRow) -> bool:
    first = row.payer_order == 1 and row.first_remit_on is None
    return row.state.is_open and first
