"""What every journey shares: a table over ``transitions``, keys, tallies, secrecy.

Nothing in here knows what an activation is.
"""
