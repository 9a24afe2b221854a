"""835: remittances in and out (005010X221A1). Reading and writing are a module each."""

from edi.x835_hash import content_hash
from edi.x835_read import (
    ReadSet,
    RemittanceFile,
    each_remittance,
    none_is_whole,
    read_remittances,
    read_set,
    read_set_at,
)
from edi.x835_write import VERSION, write_remittances

__all__ = [
    "VERSION",
    "ReadSet",
    "RemittanceFile",
    "content_hash",
    "each_remittance",
    "none_is_whole",
    "read_remittances",
    "read_set",
    "read_set_at",
    "write_remittances",
]
