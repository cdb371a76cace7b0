"""A simulated SAP ECC 6.0: BAPIs over SOAP, its tables in SQLite, IDoc folders, and people who work in it."""
