"""How an order walks: records, the schedule of a round, beliefs, conduct, the ledger, the rooms.

The records of a market enter; the same records leave a round later, with integers added up.
"""
