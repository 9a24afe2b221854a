"""Other readers of an 835, on the same bytes: what each makes of a file, and how soon.

They give other things than we do. oxedi (Rust) gives tables, x12sdk a tree of pydantic
models, pyx12 a tree of segments that it checks against the guide.
"""

import io
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any, cast

Peer = Callable[[bytes], int]
"""Reads a file; how many claims were in it."""


def oxedi(content: bytes) -> int:
    """Tables of payments, claims, lines and adjustments."""
    import oxedi as peer

    return peer.parse(content).count_claims()


def x12sdk(content: bytes) -> int:
    """One model of each transaction set."""
    from x12sdk.io import X12ModelReader

    with X12ModelReader(content.decode()) as file:
        # The base class of its models has no claims(); that of an 835 has.
        models = cast("Iterator[Any]", file.models())
        return sum(1 for one in models for _ in one.claims())


def pyx12(content: bytes) -> int:
    """One tree for each claim."""
    from pyx12.error_handler import errh_null
    from pyx12.params import params
    from pyx12.x12context import X12ContextReader

    file = X12ContextReader(params(), errh_null(), io.StringIO(content.decode()))
    return sum(1 for tree in file.iter_segments("2100") if tree.id == "2100")


PEERS: dict[str, Peer] = {"oxedi": oxedi, "x12sdk": x12sdk, "pyx12": pyx12}


def installed() -> dict[str, Peer]:
    """The peers that are here; only the checks' environment has them all."""
    return {name: peer for name, peer in PEERS.items() if find_spec(name)}
