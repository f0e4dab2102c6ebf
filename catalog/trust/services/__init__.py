"""All writes to trust: the read rows that marks are judged from, and the certifications of stewards."""

from catalog.trust.services.certifying import DENIED, certify, withdraw_certification
from catalog.trust.services.refreshing import Trust, refresh_ports, refresh_products, weakest

__all__ = [
    "DENIED",
    "Trust",
    "certify",
    "refresh_ports",
    "refresh_products",
    "weakest",
    "withdraw_certification",
]
