"""What simulated servers of any kind need: HTTP plumbing, a table of faults, exact decimals.

Nothing in here knows an ERP, and nothing in here is shared with an adapter.
"""
