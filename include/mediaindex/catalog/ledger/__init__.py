"""The ledger of media objects: states, transitions and reports."""
