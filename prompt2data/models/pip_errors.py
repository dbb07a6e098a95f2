"""How pip's output tells why it failed.

`scripts/setup.py` loads this file before anything is installed: standard library only, and nothing of this package.
"""

import re

# What pip tells while it goes on: an attempt that failed, and was made again.
_RETRY = re.compile(r"(?m)^\s*WARNING: (?:Retrying|Connection timed out while downloading|Attempting to resume).*$")

# What it tells when an attempt was a success: the network faults before it are over.
_PROGRESS = re.compile(
    r"(?m)^\s*(?:Collecting|Downloading|Using cached|Requirement already satisfied|Installing|Building|Preparing|"
    r"Getting requirements|Processing|Obtaining|Saved)\b.*$"
)

# Causes in the order in which they are looked for; those of the network only in what came after the last success.
_ON_THIS_MACHINE = {
    "no pip": r"No module named '?pip\b",
    "quota": r"(?i)\bdis[ck] quota exceeded|\[Errno (?:122|69)\]|WinError 1295",
    "disk full": r"No space left|not enough space on the disk|\[WinError 112\]",
    "long path": r"Windows Long Path support|\[WinError 206\]|(?i:file ?name (?:or extension is )?too long)",
    "memory": r"(?m)^\s*(?:ERROR: )?MemoryError\b|Cannot allocate memory|\[WinError (?:8|14|1455)\]",
    "altered": r"DO NOT MATCH THE HASHES|is invalid|BadZipFile|not a valid wheel",
    "conflict": r"ResolutionImpossible|conflicting dependencies|resolution-too-deep",
    # Versions are listed: the index was there, and has none for this machine.
    "no version": r"Could not find a version that satisfies the requirement \S+.* \(from versions: (?!none\))[^)]",
}
_NETWORK = {
    "certificate": r"(?i)CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError|self.signed certificate|"
    r"unable to get local issuer certificate|certificate verify failed",
    "proxy login": r"\b407\b.{0,40}(?i:proxy)|(?i:proxy authentication required)|Tunnel connection failed: 407",
    "proxy": r"ProxyError|Cannot connect to proxy|Tunnel connection failed|(?i:missing dependencies for SOCKS)",
    # Case matters: "connection broken by" in the warning of a retry is about a connection that was never made.
    "interrupted": r"IncompleteRead|Connection broken|Read timed out|reset by peer|incomplete-download|"
    r"ended prematurely|EOF occurred|not enough bytes",
    "unreachable": r"(?i)connection error|connection broken by|NewConnectionError|ConnectTimeout|name resolution|"
    r"unreachable|refused|Max retries|SSLError|connection to .* timed out|could not fetch url",
    "not found": r"No matching distribution|Could not find a version",
}
_REQUIREMENT = re.compile(r"Could not find a version that satisfies the requirement (\S+)")
_VERSIONS = re.compile(r"requirement torch\b.*\(from versions: ([^)]*)\)")
_LAST_FOR_INTEL_MACS = (2, 2)  # of torch


def cause(text: str) -> str:
    """Why pip failed, as a word of its output `text`: a key of the tables above, or "" where it does not tell."""
    tail = _PROGRESS.split(text)[-1]
    gave_up = "Retry(total=0" in tail  # then what pip found elsewhere, or missed, is no cause but a consequence
    for causes, told in ((_ON_THIS_MACHINE, _RETRY.sub("", text)), (_NETWORK, tail)):
        for name, pattern in causes.items():
            if not (gave_up and name in ("conflict", "no version")) and re.search(pattern, told):
                return name
    return ""


def wanted(text: str) -> str:
    """The requirement that no package fits, or ""."""
    match = _REQUIREMENT.search(text)
    return match[1] if match else ""


def for_intel_mac(text: str) -> bool:
    """Whether the torch that pip was offered is that of Macs with an Intel processor, which ends with 2.2."""
    offered = _VERSIONS.search(text)
    versions = re.findall(r"(\d+)\.(\d+)", offered[1]) if offered else []
    return bool(versions) and max((int(major), int(minor)) for major, minor in versions) == _LAST_FOR_INTEL_MACS


def last_error(text: str, otherwise: str) -> str:
    """The last line that pip marked as an error, or that ends a traceback, without the mark and the full stop.

    Of a conflict, the line that tells between which packages it is.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line[len("ERROR:") :].strip() for line in lines if line.startswith("ERROR:")]
    if errors and errors[-1] == "Exception:":
        errors += [line for line in lines if re.match(r"(?:\w+\.)*\w*(?:Error|Exception|Interrupt)\b", line)]
    telling = [line for line in errors if "conflicting dependencies" in line] or errors
    return telling[-1].rstrip(".") if telling else otherwise
