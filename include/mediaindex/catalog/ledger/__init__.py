"""The ledger of media objects: states, moves, and lists for people."""
