"""A certificate for localhost that signs itself."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from sellable.rpc.listen import TlsFiles

if TYPE_CHECKING:
    from pathlib import Path


def self_signed(folder: Path) -> TlsFiles:
    """Make the certificate and its key in a folder."""
    files = TlsFiles(certificate_file=folder / "cert.pem", key_file=folder / "key.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "1", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(files.key_file), "-out", str(files.certificate_file)),
        ],
        check=True,
        capture_output=True,
    )
    return files
