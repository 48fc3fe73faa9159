"""The oracle's own reading and writing of the wire: any octets, right or wrong, and everything that comes."""
