"""All writes to agreements, requests, rules of approval and terms."""
