"""Our own words for rule ids and table actions, as the rules page shows them.

They explain; they decide nothing. A test holds them to the rules that code cites.
"""

ACTION_WORDS = {
    "post_contractual": "post as contractual, up to the contract",
    "post_info_only": "information, nothing posts",
    "post_adjustment": "post the adjustment",
    "bill_patient_or_next_payer": "next payer, else the patient",
    "correct_and_resubmit": "correct and send a replacement",
    "submit_new_claim": "fix and send a new claim",
    "send_documents": "send the documents asked for",
    "appeal": "appeal",
    "obtain_auth_then_appeal": "get the authorization, then appeal",
    "bill_other_payer": "bill the other payer",
    "verify_eligibility": "check coverage again",
    "verify_duplicate": "find the original claim",
    "find_related_claim": "find the related claim",
    "enrollment_fix": "fix the enrollment",
    "write_off_request": "ask for a write-off",
    "wait": "wait, a later answer is due",
    "hold_review": "a person decides",
}

RULE_WORDS = {
    "R-ACK-03": (
        "A 277CA may carry acceptance and rejection categories only; a rejected claim "
        "was never filed and is sent again as an original."
    ),
    "R-APP-01": (
        "An appeal needs an open window, a decision that can be appealed, and no "
        "remark that bars it."
    ),
    "R-APP-02": (
        "The last day to appeal is the clock's start plus the level's days; for "
        "Medicare the notice counts as received after five days. We work to the "
        "business day on or before it."
    ),
    "R-APP-04": "A lost level goes to the next one only when the payer has one.",
    "R-APP-06": "A level with an amount in controversy is closed to smaller amounts.",
    "R-APP-07": "External review may be asked for within four calendar months.",
    "R-AUT-01": (
        "A code that the payer lists on the date of service needs an authorization "
        "number, or a recorded 'not required'."
    ),
    "R-AUT-02": (
        "An approval counts only if code, units and days lie inside it; a line may "
        "carry its own number."
    ),
    "R-BAD-02": (
        "A refused value is named by file, line, field and rule, never with patient "
        "data. Segments we do not know are kept."
    ),
    "R-BAD-03": (
        "Impossible values (negative charges, more than two decimals) are refused with "
        "the reason."
    ),
    "R-COB-02": (
        "A denial that names another plan asks which plan is first; nobody is billed."
    ),
    "R-COB-04": "Some remarks say the payer sent the claim on itself; then we wait.",
    "R-COB-06": "What earlier payers did is checked on a later remittance, not posted.",
    "R-COD-01": (
        "Codes from the practice system count as approved; a missing diagnosis or an "
        "unsigned note goes to a coder."
    ),
    "R-DEN-01": (
        "A remark code overrides the reason code; the most restrictive action wins; "
        "what no rule places is held."
    ),
    "R-DEN-03": (
        "Reason 16 needs a remark that names the field; without one a poster looks at "
        "it."
    ),
    "R-DEN-05": (
        "An unprocessable claim (MA130) is fixed and sent as a new claim; it has no "
        "appeal and no replacement."
    ),
    "R-DEN-06": (
        "A bundled service is decided by a coder, from the note; where the pair of "
        "codes allows no modifier, none is sent."
    ),
    "R-DEN-08": (
        "Medicare's filing limit has an exception request, no appeal; other payers get "
        "an appeal with proof."
    ),
    "R-DEN-10": (
        "All denied lines of a claim are one decision of a person, never closed by "
        "silence."
    ),
    "R-DSP-01": "A patient's dispute is decided within 30 calendar days.",
    "R-ELG-01": (
        "Coverage is asked before the claim goes out; without an answer nothing is "
        "decided."
    ),
    "R-ELG-02": (
        "Active and inactive are read for the plan on the date of service; anything "
        "else is unclear and goes to a clerk."
    ),
    "R-ELG-04": (
        "A refusal of the plan becomes a question the clerk can ask the patient."
    ),
    "R-ERA-01": "A remittance must add up at three levels, to the cent.",
    "R-ERA-02": "Groups are CO, PR, OA and PI; CR is read from old files and held.",
    "R-ERA-06": (
        "A remittance with the same payer, trace, date and content is a duplicate, "
        "whatever the file is called."
    ),
    "R-FIL-01": (
        "Medicare: one calendar year from the first day of service. Others: the "
        "contract's days from its own start."
    ),
    "R-FIL-02": "We work to the business day on or before the legal limit.",
    "R-FIL-06": (
        "Past the filing limit a first claim does not go out as if nothing had "
        "happened; the patient is never billed for it."
    ),
    "R-FUP-01": (
        "A silent payer is asked on its own clock, again and again while it says "
        "pending."
    ),
    "R-FUP-03": (
        "A call records who answered, their reference, what they said and when we look "
        "again."
    ),
    "R-MAN-01": (
        "A paper remittance is keyed by a named poster from its check, and must add up "
        "like an 835; who brought the deposit in keys another one."
    ),
    "R-MAN-02": (
        "Above the limit of one poster another person confirms it before it posts; "
        "of the others a supervisor looks at one in ten."
    ),
    "R-MON-01": (
        "Money is exact dollars and cents; only a percentage is rounded, half up."
    ),
    "R-PAT-01": (
        "The first statement goes out on the next business day after the balance "
        "became the patient's."
    ),
    "R-PAT-04": (
        "No statement below the minimum; steps keep their days, moved to a business "
        "day."
    ),
    "R-PLB-01": (
        "A positive provider-level adjustment lowers the payment, a negative one "
        "raises it."
    ),
    "R-PLB-03": (
        "A balance that a payer carries out of a payment comes back in a later one; "
        "what is still out after 60 days, or comes in without having gone out, is "
        "asked about."
    ),
    "R-PLN-01": "A plan has at most four instalments, without interest or fee.",
    "R-PLN-03": "Instalments are equal to the cent; the last takes the rest.",
    "R-POST-04": (
        "Only money the payer marked PR goes to the next payer or the patient."
    ),
    "R-POST-05": (
        "A reason we cannot place stays open and a poster looks at it; the rest posts."
    ),
    "R-POST-07": (
        "A contractual reduction posts up to the contract; the excess stays open. "
        "Without a fee schedule it posts as sent."
    ),
    "R-SCR-01": (
        "All edits run and list every failure; errors stop, warnings can be released."
    ),
    "R-SCR-02": (
        "NPIs pass their check digit; taxonomy, tax id and a nine-digit ZIP are there."
    ),
    "R-SCR-03": "Counts stay inside the 837P and the total is the sum of the lines.",
    "R-SCR-04": "Each line points to one to four diagnoses that exist.",
    "R-SCR-06": "More units of a service than are likely stop the claim.",
    "R-SCR-07": (
        "A code that cannot be valid stops the claim and nobody may override it."
    ),
    "R-SCR-08": (
        "Subscriber and patient data are complete and no service is in the future."
    ),
    "R-SCR-09": "What the payer's profile asks for is on the claim.",
    "R-SCR-10": "The same service on another claim stops it until a coder explains.",
    "R-STA-02": (
        "After each posting or decision the claim has the first state that holds, in a "
        "fixed order."
    ),
    "R-STA-04": "Each step keeps when, who, which rule, and from where to where.",
    "R-SUB-01": (
        "A replacement or void carries the payer's newest claim number and goes only "
        "to payers that take it."
    ),
    "R-TSK-01": (
        "Due is the task's business days after creation, or the legal day if earlier."
    ),
    "R-TSK-02": "Priority adds deadline, amount, age, patient and repetition.",
    "R-TSK-05": (
        "A decision for two people is given twice; the second person has the named "
        "role."
    ),
    "R-UND-01": (
        "Expected is fee times units; what is paid, the patient's share and what is "
        "denied or held count towards it."
    ),
    "R-UND-02": (
        "A shortfall above the payer's tolerance is a case for a clerk, not a discount."
    ),
}
