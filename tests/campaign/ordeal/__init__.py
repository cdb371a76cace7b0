"""The crash campaign: replicas that are killed and stopped under load while plans flip, and what is left afterwards.

tally.py what is counted and how much of it there must be · channels.py the load · trouble.py what goes wrong ·
planner.py flips · operator.py who settles exceptions · judge.py the ERPs against what channels were told
"""
