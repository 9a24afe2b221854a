"""The only code that moves money: append-only, double entry. It knows no rules."""
