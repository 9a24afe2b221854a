"""The route table: every page of the desk, from the module of its screen."""

from desk import audit, audit_access, codec, queue, sign_in, today
from desk.route import Page

PAGES: tuple[Page, ...] = (
    *sign_in.ROUTES,
    *today.ROUTES,
    *queue.ROUTES,
    *audit.ROUTES,
    *audit_access.ROUTES,
    *codec.ROUTES,
)
