"""The changes after which an answer is still right: exercise -> change -> reason."""

RIGHT: dict[str, dict[str, str]] = {}
