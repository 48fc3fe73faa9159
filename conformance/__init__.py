"""The conformance harness of this repository: the genuine Autobahn Testsuite judges a testee in both roles."""
