"""The activation of an account: its states, events, table and snapshot.  Pure: no I/O, no clock, no randomness."""
