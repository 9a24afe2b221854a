"""One function per stage of a claim: its waiting, deadlines and questions to people."""
