"""``python -m desk``: serve the web desk of this installation."""

import argparse
import asyncio
import logging
import socket
import sys

import uvicorn

from desk.app import build_app
from desk.desk import Desk
from settings import Settings, SettingsError, connect, load
from vault.logs import install as install_logs
from wiring import OfficeError, open_office_offline, open_ring, spare_collector

HOST, PORT = "127.0.0.1", 8460
READY = "Desk ready at "


def make_desk(
    settings: Settings, *, secure: bool = False, codec_origin: str = ""
) -> Desk:
    """The desk of these settings; it works without a server until one answers.

    Raises:
        OfficeError: no keys, or a database that is not at the newest schema.
    """
    ring = open_ring(settings)
    return Desk(
        office=open_office_offline(settings),
        ring=ring,
        namespace=settings.temporal_namespace,
        address=settings.address()[0],
        dial=lambda: connect(settings, ring),
        data_dir=settings.data_dir,
        secure=secure,
        codec_origin=codec_origin,
    )


def options() -> argparse.ArgumentParser:
    """The desk's command line."""
    parser = argparse.ArgumentParser(prog="python -m desk", description=__doc__)
    parser.add_argument("--host", default=HOST, help="the address to listen on")
    parser.add_argument("--port", type=int, default=PORT, help="0: any free port")
    parser.add_argument(
        "--behind-https",
        action="store_true",
        help="a proxy adds TLS: mark cookies Secure and believe its headers",
    )
    parser.add_argument(
        "--codec-origin",
        default="",
        metavar="URL",
        help="the Temporal Web UI's origin, as http://127.0.0.1:8233: auditors who "
        "are signed in may have payloads decoded there",
    )
    return parser


async def serve(chosen: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    desk = make_desk(
        load(), secure=chosen.behind_https, codec_origin=chosen.codec_origin.rstrip("/")
    )
    listener = _listen(chosen.host, chosen.port)
    config = uvicorn.Config(
        build_app(desk),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=chosen.behind_https,
    )
    spare_collector()
    host, port = listener.getsockname()[:2]
    sys.stderr.write(f"{READY}http://{host}:{port}\n")
    sys.stderr.flush()
    try:
        await uvicorn.Server(config).serve(sockets=[listener])
    finally:
        listener.close()
        desk.office.db.close()
    return 0


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError:
        raise OfficeError(
            f"Port {port} of {host} is taken. The desk was not started. "
            "Choose another: python -m desk --port 8461"
        ) from None


def main() -> int:
    """Run the desk; 2 with one sentence when something it needs is missing."""
    install_logs(logging.WARNING)
    chosen = options().parse_args()
    try:
        return asyncio.run(serve(chosen))
    except (OfficeError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
