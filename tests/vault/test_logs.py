"""An exception's words may quote a patient; a log shows its type and place."""

import io
import logging

from vault.logs import WordlessFormatter

SECRET = "Quixzelworth"  # noqa: S105 - a name, not a password


def test_types_and_places_are_shown_and_words_are_not() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(WordlessFormatter("%(message)s"))
    logger = logging.Logger("wordless")
    logger.addHandler(handler)
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ValueError(f"no {SECRET}") from error
    except ValueError:
        logger.exception("Completing activity as failed")
    said = stream.getvalue()
    assert SECRET not in said
    assert "ValueError from KeyError" in said
    assert "test_types_and_places_are_shown_and_words_are_not" in said
