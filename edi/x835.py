"""835: remittances in and out (005010X221A1). Reading and writing are a module each."""

from edi.x835_read import (
    ReadSet,
    RemittanceFile,
    content_hash,
    each_remittance,
    read_remittances,
    read_set,
)
from edi.x835_write import VERSION, write_remittances

__all__ = [
    "VERSION",
    "ReadSet",
    "RemittanceFile",
    "content_hash",
    "each_remittance",
    "read_remittances",
    "read_set",
    "write_remittances",
]
