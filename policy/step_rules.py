"""Our own words for the rules that steps carry out: sending, posting, letters, people.

``rule_words`` has those that decide. ``text_of`` finds the words of either; a test
holds them to the rules that the code cites.
"""

from policy.rule_words import RULE_WORDS

STEP_RULE_WORDS = {
    "R-ACK-01": (
        "A 999 is matched by group and set number: accepted, accepted with errors "
        "noted, or rejected whole or in part. A rejected set goes back to be fixed."
    ),
    "R-ACK-02": (
        "An error in a TA1, or no 999 within one business day, asks the "
        "clearinghouse and opens a task."
    ),
    "R-ACK-04": (
        "A payer may split a claim. The number of each part is kept, and the claim is "
        "decided when its lines are decided together."
    ),
    "R-ACK-05": (
        "A rejection is no denial: there is no appeal and no replacement, and it "
        "counts against the clean-claim rate only."
    ),
    "R-ACK-06": (
        "Without a 277CA by the seventh calendar day, or when the payer has no such "
        "claim, it is asked once (276) and a task is opened that day. The claim is "
        "sent again as an original."
    ),
    "R-APP-03": (
        "An appeal letter has nine elements; a missing one stops it. A supervisor "
        "signs, and it shows no more of the patient than the case needs."
    ),
    "R-APP-05": (
        "A claim won on appeal stays in appeal until the new remittance posts; after "
        "30 days without one somebody calls."
    ),
    "R-AUT-03": (
        "An authorization request has a clock: 72 hours when expedited, else seven "
        "calendar days for the payers the federal rule binds and the profile's days "
        "for others. A payer that stays silent gets a call."
    ),
    "R-BAD-01": (
        "A file is kept as it came, with its hash, before it is read. One that cannot "
        "be read is set aside; one bad claim or row never stops the good ones."
    ),
    "R-BAD-04": (
        "Files may come late or out of order: a remittance before the 277CA proves "
        "that the payer has the claim, a 999 after it changes nothing, and an older "
        "status never replaces a newer one."
    ),
    "R-CLO-01": (
        "A claim closes when nothing is open or in credit, no task waits and no timer "
        "runs. A missing deposit belongs to the remittance, not to the claim."
    ),
    "R-COB-01": (
        "Which plan is first follows from the patient's answer, the payers' answers "
        "and the rules; where they differ a person decides. Medicaid is last."
    ),
    "R-COB-03": "The second plan gets no claim before the first plan's answer posts.",
    "R-COB-05": (
        "A claim to the second plan repeats the first plan's amounts line by line; "
        "what was paid and adjusted adds up to each line's charge."
    ),
    "R-COD-02": (
        "A question to a clinician states what was found and asks openly; it never "
        "leads to a wanted code."
    ),
    "R-COD-05": (
        "A modifier that separates services needs a named passage of the note, which "
        "is kept with it."
    ),
    "R-COR-01": "A replacement carries the whole claim, every line of it.",
    "R-COR-02": (
        "A replacement names the payer's newest number of the claim. Without one it "
        "is a task, never a guess."
    ),
    "R-COR-04": (
        "Where the payer takes no replacements, or calls the claim unprocessable, it "
        "goes out as a new claim under the same number of ours."
    ),
    "R-COR-05": (
        "A changed charge posts together with the payer's reversal, so that nothing "
        "is below zero in between."
    ),
    "R-DAY-01": (
        "On each business day the deposits equal posted payer cash, unapplied payer "
        "cash, patient cash, refunds and chargebacks, or every item that differs is "
        "named. What is neither paired nor still in time goes to a person. The close "
        "is signed; later postings belong to the next one."
    ),
    "R-DEN-04": (
        "When the payer asks for documents they are sent, not appealed, by the "
        "notice's date, else within 30 days."
    ),
    "R-DSP-04": (
        "Collections need a supervisor, an itemized balance, no hold, nothing open "
        "with a plan, and proof that the statements went out."
    ),
    "R-ELG-03": (
        "Coverage that is inactive or unclear opens a task the same day, and no claim "
        "goes to that payer."
    ),
    "R-ELG-05": (
        "Coverage that somebody entered is used once the payer says it is active on "
        "the day of service."
    ),
    "R-ERA-03": (
        "A remittance that does not add up at any level is suspended whole: nothing "
        "of it posts, and its cash waits unapplied."
    ),
    "R-ERA-04": "There is no entry whose purpose is to make a file balance.",
    "R-ERA-05": "Everything in a remittance posts at once, or nothing does.",
    "R-ERA-07": (
        "A second remittance with the trace number of a posted one and another "
        "content is kept, not posted, and a person looks at it."
    ),
    "R-ERA-09": (
        "A deposit and its remittance are matched by trace number and amount; on the "
        "fourth business day a person looks for the missing one. A deposit alone "
        "never touches a claim."
    ),
    "R-ERA-10": (
        "Money for a claim that is not ours to find waits unapplied with a task; the "
        "rest of the remittance posts."
    ),
    "R-FIL-03": (
        "Proof of filing is the payer's acceptance (277CA): kept as it came, the first "
        "one counts. A file that was sent, or only received, is no proof."
    ),
    "R-FIL-04": (
        "A claim that was rejected or unprocessable was never filed; its deadline is "
        "worked out anew at once."
    ),
    "R-FIL-05": (
        "Thirty calendar days before the filing limit a supervisor sees a claim "
        "without proof; at fifteen it goes out if only warnings are left."
    ),
    "R-FUP-02": (
        "A payer's request for documents is a task with its date; only what was asked "
        "for is sent, and the proof is kept."
    ),
    "R-FUP-04": (
        "A status answer never posts money. Decided and no remittance within 7 days "
        "of the payment date, or 45 days after acceptance: a task."
    ),
    "R-FUP-05": (
        "When nothing else would wake a claim, 21 or 30 days without anything new do."
    ),
    "R-IDM-01": (
        "Everything that is sent, received, posted or opened has a key, so that doing "
        "it twice does it once."
    ),
    "R-LEG-02": (
        "For what a plan does not cover a patient is billed only with the signed "
        "notice that the law or the contract asks for."
    ),
    "R-MON-02": (
        "At every moment the charge is what was paid, adjusted, owed by the patient "
        "and open with the plan, less credit; no part is below zero."
    ),
    "R-MON-03": (
        "The ledger is only added to. A mistake is undone by an opposite entry that "
        "names it."
    ),
    "R-MON-04": "The charge posts once, when the claim is first ready to be sent.",
    "R-MON-05": (
        "Each entry names its source, its rule and who made it, and is one balanced "
        "posting. The machine never writes off what a plan owes."
    ),
    "R-MON-07": (
        "Money that belongs to no claim has entries of its own; what a payer deposited "
        "is what its claims and those entries say."
    ),
    "R-PAT-03": (
        "A statement shows how the balance came about, line by line, at reading grade "
        "8 or below."
    ),
    "R-PAT-05": (
        "Returned mail, or an address without ZIP, stops letters; after the address "
        "is confirmed the first statement goes out again and starts the days anew."
    ),
    "R-PAT-06": (
        "A hold stops every letter about money in its scope; who set it and who "
        "cleared it stay on record."
    ),
    "R-PAT-07": (
        "Claims of one guarantor share a statement; each keeps its own step, and the "
        "firmer text never covers the younger claim."
    ),
    "R-PAT-08": (
        "When the yearly deductible starts anew the statement says so, with the "
        "amounts. A question is no dispute."
    ),
    "R-PLB-02": (
        "A payer's announcement to take money back is a debt to it until a later "
        "remittance takes it; one that matches nothing goes to a person."
    ),
    "R-POST-01": (
        "The payer's claim status says how to read the amounts: processed, passed on, "
        "taken back, an estimate, or denied because the patient was not known."
    ),
    "R-POST-03": (
        "A duplicate denial of a claim that was sent again is information while the "
        "first one is paid or in process; else it is a denial to review."
    ),
    "R-POST-08": (
        "A line of a remittance answers our line by its control number, else by code "
        "and charge; lines that are alike are answered in their order."
    ),
    "R-REF-01": (
        "Credit, and nothing open with a plan, is a task: is it real, whose is it, and "
        "what else does the guarantor owe. Money paid before the plan's answer is no "
        "credit to refund."
    ),
    "R-REF-02": (
        "One person asks for a refund, another approves it; a patient's goes out by "
        "the way the money came, within 30 days."
    ),
    "R-REF-05": (
        "A letter that asks money back is agreed to, disputed in time, or found taken "
        "already; it is never refunded and taken."
    ),
    "R-REV-01": (
        "A reversal takes back exactly what was posted first, then the correction "
        "posts, both at once. One that mirrors nothing goes to a person."
    ),
    "R-REV-02": (
        "A correction that raises the patient's share starts the statements anew and "
        "says why; one that lowers it below what was paid is a credit."
    ),
    "R-SCR-11": (
        "What a payer wants to see is kept as a rule of its own with author, date and "
        "reason; a denial review may add one."
    ),
    "R-SEC-01": (
        "Each person signs in as themselves and is signed out when idle; patient data "
        "is encrypted, each read of it is logged, and opening a chart without a task "
        "needs a reason."
    ),
    "R-STA-01": (
        "Only the listed changes of state happen. Any other event is kept, raises a "
        "task, and changes nothing."
    ),
    "R-STA-03": (
        "A closed claim opens again by itself when money or a decision comes for it."
    ),
    "R-SUB-02": (
        "Our number of a claim never changes and the practice's own number is kept "
        "beside it; each sending has the next submission number."
    ),
    "R-SUB-03": (
        "Each payer gets one file at the cut-off of a business day, under control "
        "numbers that are not used again."
    ),
    "R-TSK-03": (
        "A task closes by an allowed decision with its fields filled in. A form that "
        "was overtaken is refused, and the difference shown."
    ),
    "R-TSK-04": (
        "When its reason is gone, as when the remittance came, a task closes by itself "
        "and stays in the story."
    ),
    "R-UND-03": (
        "A dispute names the fee schedule, its date, and what was expected and paid on "
        "each line. To accept less is a change of the contract table, or a write-off "
        "with approval."
    ),
    "R-WOF-01": (
        "A write-off has a reason and evidence and, above the smallest limit, a second "
        "person; one claim's requests of a day count together. The machine writes off "
        "small balances only."
    ),
}


def text_of(number: str) -> str | None:
    """What a rule says; None for a number that no rule has."""
    return RULE_WORDS.get(number) or STEP_RULE_WORDS.get(number)
