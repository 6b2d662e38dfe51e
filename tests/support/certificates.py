"""Certificates for a test: an authority, a broker on loopback, a client."""

import shutil
import subprocess
from pathlib import Path

_EXTENSIONS = {
    "broker": "subjectAltName=IP:127.0.0.1,DNS:localhost",
    "client": "extendedKeyUsage=clientAuth",
}


def certificates(folder: Path) -> None:
    """Write ca, broker and client as <name>.crt and <name>.key, good for a day."""
    _openssl(
        folder,
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"),
        *("-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.crt", "-addext", "keyUsage=critical,keyCertSign"),
    )
    for name, extension in _EXTENSIONS.items():
        _openssl(
            folder,
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr"),
        )
        (folder / f"{name}.ext").write_text(f"{extension}\nauthorityKeyIdentifier=keyid\nkeyUsage=digitalSignature\n")
        _openssl(
            folder,
            *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"),
            *("-days", "1", "-extfile", f"{name}.ext", "-out", f"{name}.crt"),
        )


def _openssl(folder: Path, *arguments: str) -> None:
    found = shutil.which("openssl")
    if found is None:
        raise AssertionError("openssl is not installed, and `make test` needs it: apt-get install openssl")
    subprocess.run([found, *arguments], cwd=folder, check=True, capture_output=True)  # noqa: S603 - our own arguments
