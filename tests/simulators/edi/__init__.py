"""A simulated trading partner that exchanges X12 documents through folders."""
