"""837P: claims in and out (005010X222A1). Reading and writing stand apart."""

from edi.x837_claim import ClaimReject
from edi.x837_read import (
    ClaimFile,
    ClaimSet,
    ReadClaim,
    each_claim_set,
    read_claim_set,
    read_claims,
)
from edi.x837_write import VERSION, write_claims

__all__ = [
    "VERSION",
    "ClaimFile",
    "ClaimReject",
    "ClaimSet",
    "ReadClaim",
    "each_claim_set",
    "read_claim_set",
    "read_claims",
    "write_claims",
]
