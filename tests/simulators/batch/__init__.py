"""A simulated ERP with batch files: see README.md."""
