"""A simulated iSeries with a batch interface, for tests. See README.md."""
