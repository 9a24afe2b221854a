"""Short letters to patients that ask for no money."""

from activities.letters import keep_letter
from activities.office import Office
from activities.statement_letter import notice_facts
from ledger.balances import balances
from letters.render import LetterError
from records import events
from records.claims import ClaimRow
from records.db import Connection
from records.events import Because


def ask_patient(
    conn: Connection, office: Office, row: ClaimRow, trigger: str, why: Because
) -> None:
    """Which plan is first? Nothing is due (R-COB-02). Without an address, no letter."""
    money = balances(conn, [row.id])[row.id]
    try:
        facts = notice_facts(conn, office, row, why, money)
    except LetterError as error:
        events.add(conn, why.by_rule("R-PAT-05"), "letter", str(error), claim_id=row.id)
        return
    keep_letter(
        conn,
        office,
        facts,
        template="PATIENT_COB_QUESTION",
        key=f"{row.id}:PATIENT_COB_QUESTION:{trigger}",
        row=row,
        recipient="patient",
        why=why,
        account_id=row.account_id,
    )
