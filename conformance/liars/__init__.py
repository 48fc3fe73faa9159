"""The proof of the oracle: liars, each with one planted fault, and honest eccentrics, which are unusual and right."""
