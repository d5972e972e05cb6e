"""One run: a scenario and the number of a replicate enter, an outcome leaves.

The market is built, walked round by round by as many workers as are worth it, and its sums become
measures and tables. The Mesa model is the same run, a step at a time.
"""
