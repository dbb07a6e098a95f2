"""How pip's output tells why it failed.

`scripts/setup.py` loads this file before anything is installed: standard library only, and nothing of this package.
"""

import re

NO_PIP = re.compile(r"No module named '?pip\b")
DISK_FULL = re.compile(r"No space left|not enough space on the disk")
ALTERED = re.compile(r"DO NOT MATCH THE HASHES|is invalid|BadZipFile|not a valid wheel")
# Case matters: "connection broken by" in the warning of a retry is about a connection that was never made.
INTERRUPTED = re.compile(
    r"IncompleteRead|Connection broken|Read timed out|reset by peer|incomplete-download|ended prematurely|EOF occurred|"
    r"not enough bytes"
)
UNREACHABLE = re.compile(
    r"(?i)connection error|connection broken by|NewConnectionError|ConnectTimeout|name resolution|unreachable|refused|"
    r"Max retries|ProxyError|SSLError|connection to .* timed out|could not fetch url"
)
NOT_FOUND = re.compile(r"No matching distribution|Could not find a version(?: that satisfies the requirement (\S+))?")


def last_error(text: str, otherwise: str) -> str:
    """The last line that pip marked as an error, without the mark and the full stop."""
    errors = [line.strip() for line in text.splitlines() if line.strip().startswith("ERROR")]
    return errors[-1].removeprefix("ERROR: ").rstrip(".") if errors else otherwise
