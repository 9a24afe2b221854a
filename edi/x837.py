"""837P: claims in and out (005010X222A1). Reading and writing are a module each."""

from edi.x837_read import ClaimFile, ClaimReject, ReadClaim, read_claims
from edi.x837_write import VERSION, write_claims

__all__ = [
    "VERSION",
    "ClaimFile",
    "ClaimReject",
    "ReadClaim",
    "read_claims",
    "write_claims",
]
