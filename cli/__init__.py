"""Commands of people: parse arguments, call activities, print words. No logic."""
