"""A letter's own bytes as an answer: framed by our own pages, loading nothing."""

from starlette.responses import Response

from letters.render import content_policy_style


def page(content: bytes, *, kind: str = "text/html", status: int = 200) -> Response:
    """The letter for the screen, or a sentence in its place."""
    policy = (
        f"default-src 'none'; style-src {content_policy_style(content)}; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    return Response(
        content,
        status,
        media_type=f"{kind}; charset=utf-8",
        headers={"Content-Security-Policy": policy},
    )


def paper(content: bytes) -> Response:
    """The letter as it is printed."""
    return Response(content, media_type="application/pdf")
