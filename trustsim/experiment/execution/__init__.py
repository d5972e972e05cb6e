"""Who computes runs: threads of this process, or processes of a Dask cluster.

Runs enter, attempts leave, in any order and with the same bits whoever did the work.
"""
