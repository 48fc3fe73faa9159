"""Clauses that say elsewhere what another one says: whoever breaks the one has broken the others."""

from typing import Final

__all__ = ["SAME"]

SAME: Final[dict[str, tuple[str, ...]]] = {
    "rfc6455:4.1-p22-s1": ("rfc6455:4.1-p21-s2",),
    "rfc6455:4.1-p29-s1": ("rfc6455:11.3.1-p8-s2",),
    "rfc6455:4.1-p33-s1": ("rfc6455:11.3.5-p8-s2",),
    "rfc6455:4.1-p35-s4": ("rfc6455:4.3-p4-s3",),
    "rfc6455:4.2.2-p10-s3": ("rfc6455:4.2.2-p10-s4",),
    "rfc6455:4.2.2-p10-s6": ("rfc6455:4.3-p7-s3",),
    "rfc6455:4.2.2-p11-s5": ("rfc6455:9-p1-s2", "rfc7692:5-p14-s1"),
    "rfc6455:4.2.2-p16-s1": ("rfc6455:11.3.3-p8-s2",),
    "rfc6455:4.2.2-p18-s1": ("rfc6455:4.3-p7-s2",),
    "rfc6455:4.4-p2-s3": ("rfc6455:4.2.2-p8-s2", "rfc6455:11.3.5-p8-s4"),
    "rfc6455:4.3-p7-s4": ("rfc6455:11.3.5-p8-s5",),
    "rfc6455:11.1.1-p9-s1": ("rfc6455:11.1.2-p9-s1",),
    "rfc6455:11.1.1-p11-s1": ("rfc6455:11.1.2-p11-s1",),
    "rfc6455:5.1-p1-s2": ("rfc6455:5.2-p18-s3", "rfc6455:5.2-p22-s1", "rfc6455:5.3-p1-s1", "rfc6455:6.1-p6-s1"),
    "rfc6455:5.2-p6-s1": ("rfc6455:5.2-p32-s1", "rfc6455:5.2-p33-s1", "rfc6455:5.2-p34-s1"),
    "rfc6455:5.2-p12-s1": ("rfc6455:5.2-p37-s1", "rfc6455:5.6-p1-s2", "rfc6455:5.6-p1-s3", "rfc6455:6.1-p4-s1"),
    "rfc6455:5.2-p16-s1": ("rfc6455:5.2-p38-s1", "rfc6455:5.5-p1-s2", "rfc6455:5.5-p1-s3"),
    "rfc6455:5.2-p20-s3": ("rfc6455:5.2-p42-s1",),
    "rfc6455:5.2-p20-s5": ("rfc6455:5.2-p40-s1",),
    "rfc6455:5.5-p3-s1/2": ("rfc6455:5.4-p8-s2", "rfc6455:5.4-p17-s2"),
    "rfc6455:5.6-p4-s2": ("rfc6455:5.6-p4-s1",),
    "rfc6455:9.1-p2-s2": ("rfc6455:4.3-p5-s5",),
    "rfc6455:9.1-p2-s3": ("rfc6455:4.3-p5-s6", "rfc6455:4.3-p4-s2", "rfc6455:4.3-p7-s1", "rfc6455:9.1-p2-s1"),
    "rfc6455:9.1-p2-s6": ("rfc6455:4.3-p5-s9",),
    "rfc7692:6.1-p10-s1": ("rfc7692:9.2-p5-s1",),
    "rfc7692:7.2.1-p2-s1": ("rfc7692:7.2.1-p1-s1", "rfc7692:6.1-p2-s1", "rfc7692:6-p3-s2"),
}
"""Clause that the referee blames -> those that are broken with it."""
