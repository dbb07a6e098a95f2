"""A kernel's client that does not oversleep an answer."""

from __future__ import annotations

import time
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from traitlets import Type

_LOOK_AGAIN = 1.0  # seconds


class ShellChannel(AsyncZMQSocketChannel):
    """Looks for an answer again and again, and not only when the socket says that one has come.

    nbclient answers an `Output` widget on this channel while it waits for the cell's reply. A reply that comes in just
    then is not announced again, and the wait lasted for the cell's whole time limit (nbclient, issue 312).
    """

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next message. Raises `queue.Empty` after `timeout` seconds; None waits without end."""
        deadline = float("inf") if timeout is None else time.monotonic() + timeout
        while True:
            left = deadline - time.monotonic()
            try:
                return await super().get_msg(max(0.0, min(_LOOK_AGAIN, left)))
            except Empty:
                if left <= _LOOK_AGAIN:
                    raise


class Client(AsyncKernelClient):
    shell_channel_class = Type(ShellChannel)
