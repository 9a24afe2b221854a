"""Correct one named field of a claim. Field names are the words of the 837P guide.

``2310A NM109`` is the referring provider's NPI; a line is named by its number:
``2400/2 SV101-3`` is the first modifier of line 2. Loop and element may come in either
order, with a space, slash or dot between.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from claims.claim import Claim, Provider, ServiceLine
from claims.money import MoneyError, usd


class CorrectionRefused(Exception):  # noqa: N818 - the word clerks read
    """The field is not one we can correct, or the value does not fit; nothing
    changed."""


CORRECTABLE = {
    "2310A NM109": "referring provider's NPI",
    "2310B NM109": "rendering provider's NPI",
    "2010AA NM109": "billing provider's NPI",
    "2310C NM109": "facility's NPI",
    "2310D NM109": "supervising provider's NPI",
    "2010AA N403": "billing provider's ZIP, nine digits",
    "2010AA REF EI": "billing provider's tax id, nine digits",
    "2000A PRV03": "billing provider's taxonomy code",
    "2010BA NM109": "member number",
    "2010BA NM103": "subscriber's last name",
    "2010BA NM104": "subscriber's first name",
    "2010BA DMG02": "subscriber's birth date, YYYY-MM-DD",
    "2010BA DMG03": "subscriber's sex: F, M or U",
    "2010CA DMG02": "patient's birth date, YYYY-MM-DD",
    "2010CA DMG03": "patient's sex: F, M or U",
    "2010BB NM109": "payer's EDI id",
    "2000B SBR02": "18 when the subscriber is the patient",
    "2000B SBR03": "group number",
    "2000C PAT01": "patient's relationship to the subscriber: 01 spouse, 19 child, …",
    "2300 HI": "all diagnoses, comma separated, first one principal",
    "2300 REF G1": "authorization number",
    "2300 REF 9F": "referral number",
    "2300 REF F8": "payer's claim control number",
    "2300 CLM02": "total charge, only as the lines add up",
    "2300 CLM05-1": "place of service",
    "2300 CLM05-3": "frequency: 1, 7 or 8",
    "2400 SV101-2": "procedure code of a line: 2400/1 SV101-2",
    "2400 SV101-3": "modifiers of a line, colon separated: 2400/1 SV101-3",
    "2400 SV102": "charge of a line: 2400/1 SV102",
    "2400 SV104": "units of a line: 2400/1 SV104",
    "2400 SV107": "diagnosis pointers of a line, colon separated: 2400/1 SV107",
    "2400 DTP472": "service date of a line: 2400/1 DTP472",
    "2420A NM109": "rendering provider's NPI of a line: 2420A/1 NM109",
    "2420E NM109": "ordering provider's NPI of a line: 2420E/1 NM109",
}
_LOOP = re.compile(r"\b(2\d{3}[A-Z]{0,2})\b")
_LINE = re.compile(r"\b2(?:400|420[AE])[/ #]?(\d{1,2})\b")
_ELEMENT = re.compile(
    r"\b(NM10\d|N40\d|DMG0\d|SBR0\d|PAT01|PRV03|HI(?:\d\d)?|SV10\d(?:-\d)?"
    r"|CLM02|CLM05-[13]|DTP[* ]?472)\b"
)
_PLACE = re.compile(r"2300 HI(0[1-9]|1[0-2])")
_REF = re.compile(r"\bREF[\s*]*(G1|F8|9F|EI)\b")


def apply_correction(claim: Claim, field: str, value: str) -> Claim:
    """A new claim with one field changed; CLM02 follows the lines.

    Raises:
        CorrectionRefused: an unknown field or a value that does not fit it.
    """
    loop, element, line = _parse(field)
    text = value.strip()
    if loop == "2400":
        return _line(claim, element, line, text)
    if loop in ("2420A", "2420E"):
        return _line(claim, f"{loop} {element}", line, text)
    if place := _PLACE.fullmatch(f"{loop} {element}"):
        return _diagnosis(claim, int(place[1]), text)
    act = _ACTS.get(f"{loop} {element}")
    if act is None:
        raise CorrectionRefused(
            f"{field} is not a field that can be corrected here. Nothing was changed. "
            f"Fields: {', '.join(CORRECTABLE)}."
        )
    return act(claim, text)


def _parse(field: str) -> tuple[str, str, int | None]:
    text = field.upper().replace(".", " ").strip()
    number = _LINE.search(text)
    ref = _REF.search(text)
    element = _ELEMENT.search(text)
    loop = _LOOP.search(text)
    name = f"REF {ref[1]}" if ref else (element[1] if element else "")
    name = name.replace("DTP*", "DTP").replace("DTP ", "DTP")
    if loop is None:
        found = [k for k in CORRECTABLE if k.endswith(f" {name}")] if name else []
        return (found[0].split()[0] if len(found) == 1 else "", name, None)
    of_line = number is not None and loop[1] not in ("2420A", "2420E")
    return ("2400" if of_line else loop[1], name, int(number[1]) if number else None)


def _digits(text: str, size: int, what: str) -> str:
    if not (text.isascii() and text.isdecimal() and len(text) == size):
        raise CorrectionRefused(f"{what} has {size} digits. Nothing was changed.")
    return text


def _day(text: str) -> date:
    for pattern in ("%Y-%m-%d", "%Y%m%d"):
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007 - a date
        except ValueError:
            continue
    raise CorrectionRefused("A date is YYYY-MM-DD. Nothing was changed.")


def _npi(old: Provider | None, text: str, kind: str) -> Provider:
    number = _digits(text, 10, "An NPI")
    if old is None:
        return Provider(last_or_organization=kind, npi=number)
    return old.model_copy(update={"npi": number})


def _referring(claim: Claim, text: str) -> Claim:
    return claim.model_copy(
        update={"referring": _npi(claim.referring, text, "REFERRER")}
    )


def _rendering(claim: Claim, text: str) -> Claim:
    return claim.model_copy(
        update={"rendering": _npi(claim.rendering, text, "RENDERER")}
    )


def _supervising(claim: Claim, text: str) -> Claim:
    return claim.model_copy(
        update={"supervising": _npi(claim.supervising, text, "SUPERVISOR")}
    )


def _facility(claim: Claim, text: str) -> Claim:
    return claim.model_copy(update={"facility": _npi(claim.facility, text, "FACILITY")})


def _billing(claim: Claim, **changes: object) -> Claim:
    billing = claim.billing.model_copy(update=changes)
    return claim.model_copy(update={"billing": billing})


def _billing_npi(claim: Claim, text: str) -> Claim:
    return claim.model_copy(update={"billing": _npi(claim.billing, text, "BILLING")})


def _billing_zip(claim: Claim, text: str) -> Claim:
    digits = _digits(text.replace("-", ""), 9, "The billing ZIP")
    address = claim.billing.address.model_copy(update={"zip": digits})
    return _billing(claim, address=address)


def _subscriber(claim: Claim, **changes: object) -> Claim:
    person = claim.subscriber.person.model_copy(update=changes)
    subscriber = claim.subscriber.model_copy(update={"person": person})
    return claim.model_copy(update={"subscriber": subscriber})


def _patient(claim: Claim, **changes: object) -> Claim:
    if claim.patient is None:
        return _subscriber(claim, **changes)
    return claim.model_copy(
        update={"patient": claim.patient.model_copy(update=changes)}
    )


def _sex(text: str) -> str:
    if text.upper() not in ("F", "M", "U"):
        raise CorrectionRefused("Sex is F, M or U. Nothing was changed.")
    return text.upper()


def _filled(text: str) -> str:
    if not text:
        raise CorrectionRefused("The new value is empty. Nothing was changed.")
    return text


def _diagnoses(claim: Claim, text: str) -> Claim:
    """All diagnoses; a line that points to none now points to the first."""
    codes = tuple(
        c.strip().replace(".", "").upper() for c in text.split(",") if c.strip()
    )
    if not 1 <= len(codes) <= 12:
        raise CorrectionRefused("A claim has 1 to 12 diagnoses. Nothing was changed.")
    lines = tuple(
        line if line.pointers else line.model_copy(update={"pointers": (1,)})
        for line in claim.lines
    )
    return claim.model_copy(update={"diagnoses": codes, "lines": lines})


def _payer(claim: Claim, text: str) -> Claim:
    payer = claim.payer.model_copy(update={"edi_id": _filled(text)})
    return claim.model_copy(update={"payer": payer})


def _group(claim: Claim, text: str) -> Claim:
    subscriber = claim.subscriber.model_copy(update={"group_number": text})
    return claim.model_copy(update={"subscriber": subscriber})


def _related(claim: Claim, text: str) -> Claim:
    if not (len(text) == 2 and text.isascii() and text.isalnum()):
        raise CorrectionRefused(
            "A relationship is a code of two characters, 18 for self. Nothing was "
            "changed."
        )
    subscriber = claim.subscriber.model_copy(update={"relationship": text.upper()})
    return claim.model_copy(update={"subscriber": subscriber})


def _diagnosis(claim: Claim, place: int, text: str) -> Claim:
    if place > len(claim.diagnoses) + 1:
        raise CorrectionRefused(
            f"The claim has {len(claim.diagnoses)} diagnoses. Nothing was changed."
        )
    listed = [*claim.diagnoses]
    listed[place - 1 : place] = [_filled(text)]
    return _diagnoses(claim, ",".join(listed))


def _total(claim: Claim, text: str) -> Claim:
    if _money(text) != claim.line_total:
        raise CorrectionRefused(
            f"The lines add up to {claim.line_total}. Nothing was changed. "
            "Correct the lines; the total follows."
        )
    return claim.model_copy(update={"charge": claim.line_total})


def _frequency(claim: Claim, text: str) -> Claim:
    if text not in ("1", "7", "8"):
        raise CorrectionRefused("The frequency is 1, 7 or 8. Nothing was changed.")
    return claim.model_copy(update={"frequency": text})


def _money(text: str) -> Decimal:
    try:
        return usd(text)
    except MoneyError as error:
        raise CorrectionRefused(f"Charge: {error}. Nothing was changed.") from None


def _plain(name: str) -> Callable[[Claim, str], Claim]:
    return lambda claim, text: claim.model_copy(update={name: _filled(text)})


_ACTS: dict[str, Callable[[Claim, str], Claim]] = {
    "2310A NM109": _referring,
    "2310B NM109": _rendering,
    "2010AA NM109": _billing_npi,
    "2310C NM109": _facility,
    "2310D NM109": _supervising,
    "2010AA N403": _billing_zip,
    "2010AA REF EI": lambda c, v: _billing(c, tax_id=_digits(v, 9, "A tax id")),
    "2000A PRV03": lambda c, v: _billing(c, taxonomy=_filled(v)),
    "2010BA NM109": lambda c, v: _subscriber(c, member_id=_filled(v)),
    "2010BA NM103": lambda c, v: _subscriber(c, last=_filled(v)),
    "2010BA NM104": lambda c, v: _subscriber(c, first=v),
    "2010BA DMG02": lambda c, v: _subscriber(c, birth_date=_day(v)),
    "2010BA DMG03": lambda c, v: _subscriber(c, sex=_sex(v)),
    "2010CA DMG02": lambda c, v: _patient(c, birth_date=_day(v)),
    "2010CA DMG03": lambda c, v: _patient(c, sex=_sex(v)),
    "2010BB NM109": _payer,
    "2000B SBR02": _related,
    "2000B SBR03": _group,
    "2000C PAT01": _related,
    "2300 HI": _diagnoses,
    "2300 CLM02": _total,
    "2300 REF G1": _plain("prior_auth"),
    "2300 REF 9F": _plain("referral"),
    "2300 REF F8": _plain("payer_icn"),
    "2300 CLM05-1": _plain("place_of_service"),
    "2300 CLM05-3": _frequency,
}


def _line(claim: Claim, element: str, number: int | None, text: str) -> Claim:
    if number is None and len(claim.lines) == 1:
        number = claim.lines[0].number
    line = next((n for n in claim.lines if n.number == number), None)
    act = _LINE_ACTS.get(element)
    if line is None or act is None:
        raise CorrectionRefused(
            "Name the line and the field, e.g. 2400/1 SV101-3. Nothing was changed."
        )
    new = act(line, text)
    lines = tuple(new if n.number == number else n for n in claim.lines)
    changed = claim.model_copy(update={"lines": lines})
    return changed.model_copy(update={"charge": changed.line_total})


def _modifiers(line: ServiceLine, text: str) -> ServiceLine:
    listed = tuple(m for m in re.split(r"[:,\s]+", text.upper()) if m)
    if len(listed) > 4 or any(len(m) != 2 for m in listed):
        raise CorrectionRefused(
            "A line has up to four modifiers of two characters. Nothing was changed."
        )
    return line.model_copy(update={"modifiers": listed})


def _charge(line: ServiceLine, text: str) -> ServiceLine:
    return line.model_copy(update={"charge": _money(text)})


def _units(line: ServiceLine, text: str) -> ServiceLine:
    try:
        units = Decimal(text)
    except InvalidOperation:
        units = Decimal(0)
    if not units.is_finite() or units <= 0:
        raise CorrectionRefused("Units are a number above zero. Nothing was changed.")
    return line.model_copy(update={"units": units})


def _pointers(line: ServiceLine, text: str) -> ServiceLine:
    parts = [p for p in re.split(r"[:,\s]+", text) if p]
    if not 1 <= len(parts) <= 4 or not all(p.isdecimal() for p in parts):
        raise CorrectionRefused("A line has one to four pointers. Nothing was changed.")
    return line.model_copy(update={"pointers": tuple(int(p) for p in parts)})


def _code(line: ServiceLine, text: str) -> ServiceLine:
    code, *modifiers = text.upper().split(":")
    changes: dict[str, object] = {"code": _filled(code)}
    if modifiers:
        changes["modifiers"] = tuple(modifiers)
    return line.model_copy(update=changes)


_LINE_ACTS: dict[str, Callable[[ServiceLine, str], ServiceLine]] = {
    "SV101": _code,
    "SV101-2": _code,
    "SV101-3": _modifiers,
    "SV102": _charge,
    "SV104": _units,
    "SV107": _pointers,
    "DTP472": lambda line, v: line.model_copy(update={"service_from": _day(v)}),
    "2420A NM109": lambda line, v: line.model_copy(
        update={"rendering": _npi(line.rendering, v, "RENDERER")}
    ),
    "2420E NM109": lambda line, v: line.model_copy(
        update={"ordering": _npi(line.ordering, v, "ORDERER")}
    ),
}
