"""Every option that the embedded server runs with, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sellable.store.data_folder import AOF_FOLDER, PID_FILE

if TYPE_CHECKING:
    from sellable.store.data_folder import DataFolder


def title_of(data_id: str) -> str:
    """Return the process title template, by which a server is known as this data's own."""
    return "{title} sellable:" + data_id


def fsync_policy(*, fsync: bool) -> str:
    """Return the value of `appendfsync` for a durability."""
    return "always" if fsync else "everysec"


def server_arguments(folder: DataFolder, *, fsync: bool) -> list[str]:
    """Return the command line of the server of a data folder."""
    options = {
        "port": "0",  # the socket only: no other user of the machine reaches it
        "unixsocket": str(folder.socket_path),
        "unixsocketperm": "700",
        "dir": str(folder.path),
        "pidfile": str(folder.path / PID_FILE),
        "logfile": "",  # stdout, which is the log file: it also gets what fails before logging
        "daemonize": "no",
        "databases": "1",
        "proc-title-template": title_of(folder.data_id),
        "appendonly": "yes",
        "appenddirname": AOF_FOLDER,
        "appendfsync": fsync_policy(fsync=fsync),
        "no-appendfsync-on-rewrite": "no",  # a rewrite must not suspend the promise
        "aof-load-truncated": "yes",  # an incomplete tail was never acknowledged
        "aof-use-rdb-preamble": "yes",
        "save": "",
        "maxmemory": "0",
        "maxmemory-policy": "noeviction",
        # A SKU of up to 50 locations and 80 markets is one packed list: a third less memory than a
        # table of fields, and no slower. A longer list would be: each field is looked for in all.
        "hash-max-listpack-entries": "128",
        "hash-max-listpack-value": "2048",
        "locale-collate": "C",  # ties between counts are ordered by bytes, wherever it runs
        "enable-debug-command": "no",
        "enable-module-command": "no",
        "enable-protected-configs": "no",
    }
    return [part for name, value in options.items() for part in (f"--{name}", value)]
