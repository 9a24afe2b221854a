"""What we know of payers and of ourselves: versioned values, never logic."""
