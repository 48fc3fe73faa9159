"""The liars, a module for each part of the RFCs."""
