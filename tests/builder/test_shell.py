"""The wait for a kernel's answer, over real sockets."""

from __future__ import annotations

import asyncio
import time
from queue import Empty

import pytest
import zmq
import zmq.asyncio
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.session import Session

from builder.shell import ShellChannel


async def see_the_answer(kind: type[AsyncZMQSocketChannel], patience: float) -> None:
    """Receive an answer that arrives just when the client sends something. Raises `TimeoutError`."""
    session = Session(key=b"")
    with (
        zmq.Context() as there,
        zmq.asyncio.Context() as here,
        there.socket(zmq.ROUTER) as kernel,
        here.socket(zmq.DEALER) as socket,
    ):
        kernel.linger = socket.linger = 0
        socket.connect(f"tcp://127.0.0.1:{kernel.bind_to_random_port('tcp://127.0.0.1')}")
        channel = kind(socket, session)
        channel.send(session.msg("execute_request"))
        who = kernel.recv_multipart()[0]
        answer = asyncio.ensure_future(channel.get_msg(timeout=60))
        await asyncio.sleep(0.1)  # it waits now
        session.send(kernel, "execute_reply", ident=who)
        time.sleep(0.1)  # it is here, and the event loop has not looked yet
        channel.send(session.msg("comm_msg"))
        assert (await asyncio.wait_for(answer, patience))["msg_type"] == "execute_reply"


def test_an_answer_that_comes_while_something_is_sent_is_seen():
    asyncio.run(see_the_answer(ShellChannel, 50))  # seconds; `get_msg` itself would wait for 60
    # The day this fails, jupyter_client sees it as well, and the class can go.
    with pytest.raises(TimeoutError):
        asyncio.run(see_the_answer(AsyncZMQSocketChannel, 3))


@pytest.mark.parametrize("timeout", [0, 0.3, 1.3])
def test_a_wait_ends_when_it_should(timeout):
    async def wait() -> float:
        with zmq.asyncio.Context() as here, here.socket(zmq.DEALER) as socket:
            began = time.monotonic()
            with pytest.raises(Empty):
                await asyncio.wait_for(ShellChannel(socket, Session(key=b"")).get_msg(timeout=timeout), 60)
            return time.monotonic() - began

    assert asyncio.run(wait()) >= timeout - 0.01
