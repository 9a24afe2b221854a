"""Golden histories: what the workflows must still be able to replay."""
