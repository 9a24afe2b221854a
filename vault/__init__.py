"""What must stay secret or unchanged: keys, payload codec, fields, documents."""
