"""Reads what other programs recorded: pcap and pcapng, HAR, and the oracle's own transcripts."""

from refws.oracle.capture.reading import Capture, read_capture

__all__ = ["Capture", "read_capture"]
