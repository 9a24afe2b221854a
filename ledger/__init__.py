"""The only code that moves money: an append-only double-entry ledger. Knows no rules."""
