"""The route table: every page of the desk, from the module of its screen."""

from desk import audit, audit_access, codec, sign_in
from desk.route import Page

PAGES: tuple[Page, ...] = (
    *sign_in.ROUTES,
    *audit.ROUTES,
    *audit_access.ROUTES,
    *codec.ROUTES,
)
