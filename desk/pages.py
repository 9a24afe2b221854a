"""The route table: every page of the desk, from the module of its screen."""

from desk import (
    aging,
    audit,
    audit_access,
    bulk,
    claim,
    claim_edi,
    claims_list,
    codec,
    find,
    health,
    help_page,
    imports,
    queue,
    sign_in,
    start,
    task,
    today,
)
from desk.route import Page

PAGES: tuple[Page, ...] = (
    *sign_in.ROUTES,
    *aging.ROUTES,
    *today.ROUTES,
    *queue.ROUTES,
    *bulk.ROUTES,
    *audit.ROUTES,
    *audit_access.ROUTES,
    *codec.ROUTES,
    *claims_list.ROUTES,
    *find.ROUTES,
    *health.ROUTES,
    *help_page.ROUTES,
    *start.ROUTES,
    *imports.ROUTES,
    *claim.ROUTES,
    *task.ROUTES,
    *claim_edi.ROUTES,
)
