"""Get a file from its pinned address, whole and checked. The only module that uses the network.

An interrupted download is taken up where it stopped, if the server can; a finished archive is kept
in `downloads/`, so that no second attempt downloads it again. Whatever arrives is compared with a
checksum that is part of this repository before it gets its name.
"""

import hashlib
import os
import shutil
import socket
import threading
import zipfile
import zlib
from pathlib import Path
from urllib.parse import urlsplit

from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError

CONNECT_SECONDS = 6.0  # an air-gapped node learns it quickly
READ_SECONDS = 60.0  # a code host may take that long to pack an archive
CHUNK = 1 << 16  # at most so much of an interrupted download is lost


def verify(path: Path, expected: str, name: Path | str | None = None) -> str:
    """Compare a file with its checksum.

    Args:
        path: the file.
        expected: hex sha256 or the first digits of one, or `git-blob:` and git's id of the content.
        name: what to call the file in the error (default: its path).

    Returns:
        The full sha256 of the file, in hex.

    Raises:
        InputError: another checksum (expected and found are named), or the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        found = _git_blob_id(path) if expected.startswith("git-blob:") else sha256
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    if not found.startswith(expected):
        kind = "" if expected.startswith("git-blob:") else "sha256 "
        raise InputError(
            f"{name or path}: wrong checksum: expected {kind}{expected}, found {found}; "
            "delete the file to fetch it again"
        )
    return sha256


def download(address: str, path: Path, checksum: str | None = None) -> None:
    """Download a file to `path`, unless it is there.

    Args:
        address: an http(s) address; proxies are taken from the environment.
        path: where to. Until it is whole and checked the file is called `<path>.part`.
        checksum: as in `verify`; without one (archives, whose members are checked) any whole file
            is taken.

    Raises:
        InputError: no network, a refusal of the server, no permission to write, wrong checksum.
    """
    if path.exists():
        return
    from filelock import FileLock

    try:
        _check_reachable(address)  # before anything is made on disk
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        with FileLock(path.with_name(path.name + ".lock")):  # parallel jobs share archives
            if path.exists():
                return
            _transfer(address, part)
            if checksum:
                try:
                    verify(part, checksum, name=address)
                except InputError:
                    part.unlink()
                    raise
            os.replace(part, path)
    except OSError as error:  # errors of requests are OSErrors, too
        reason = " ".join(str(error.strerror or error).split())[:200]
        known = f" (sha256 {checksum})" if checksum else ""
        raise InputError(
            f"{path.name}{known}: not in {path.parent}, and downloading it from {address} failed "
            f"({reason}); download it elsewhere and put it into {path.parent}"
        ) from error


def unpack(archive: Path, members: dict[str, Path], checksums: dict[str, str]) -> None:
    """Unpack the wanted members of a zip archive, each checked before it gets its name.

    Only paths given here are written to; what else the archive holds, or how it names it, has no
    effect (no path traversal).

    Args:
        archive: the zip file.
        members: member (the end of its path in the archive, whole folder names) -> file to write.
        checksums: member -> checksum as in `verify`.

    Raises:
        InputError: damaged archive, missing member, wrong checksum, no permission to write.
    """
    from tqdm import tqdm

    try:
        with zipfile.ZipFile(archive) as file:
            inside = _by_path_end(file.namelist())
            for member, target in tqdm(members.items(), desc=f"unpack {archive.name}", unit="file"):
                if member not in inside:
                    raise InputError(f"{archive}: holds no {member}; delete it to fetch it again")
                with replacing(target) as temporary:
                    with file.open(inside[member]) as source, temporary.open("wb") as sink:
                        shutil.copyfileobj(source, sink)
                    verify(temporary, checksums[member], name=f"{member} in {archive}")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(
            f"{archive}: damaged archive ({error}); delete it to fetch it again"
        ) from error
    except OSError as error:
        raise InputError(f"{archive}: cannot be read ({error.strerror or error})") from error


def _transfer(address: str, part: Path) -> None:
    """Bring `part` to its full length, from where it stands."""
    import requests
    from tqdm import tqdm

    have = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"}  # bytes as stored, so that offsets mean something
    if have:
        headers["Range"] = f"bytes={have}-"
    timeout = (CONNECT_SECONDS, READ_SECONDS)
    with requests.get(address, headers=headers, stream=True, timeout=timeout) as response:
        if response.status_code == 416:  # nothing left to send: start afresh, to be sure
            part.unlink()
            return _transfer(address, part)
        response.raise_for_status()
        resumed = response.status_code == 206
        start = have if resumed else 0
        length = response.headers.get("Content-Length")
        total = start + int(length) if length else None
        with (
            part.open("ab" if resumed else "wb") as sink,
            tqdm(
                desc=f"fetch {part.stem}", total=total, initial=start, unit="B", unit_scale=True
            ) as bar,
        ):
            for chunk in response.iter_content(CHUNK):
                sink.write(chunk)
                bar.update(len(chunk))


def _check_reachable(address: str) -> None:
    """Raise OSError unless a connection opens within CONNECT_SECONDS, name look-up included.

    The timeout of requests counts for each address of a host and leaves out the look-up, which
    together can take minutes on a node without a network.
    """
    import requests

    proxies = requests.utils.get_environ_proxies(address)
    url = urlsplit(requests.utils.select_proxy(address, proxies) or address)
    port = url.port or (443 if url.scheme == "https" else 80)
    outcome: list[OSError | None] = []

    def probe() -> None:
        try:
            socket.create_connection((url.hostname, port), timeout=CONNECT_SECONDS).close()
            outcome.append(None)
        except OSError as error:
            outcome.append(error)

    thread = threading.Thread(target=probe, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    error = outcome[0] if outcome else TimeoutError(f"no answer in {CONNECT_SECONDS:g} s")
    if error is not None:
        raise error


def _by_path_end(names: list[str]) -> dict[str, str]:
    """Index paths by each of their ends: a/b/c is found as c, b/c and a/b/c."""
    index: dict[str, str] = {}
    for name in names:
        parts = name.split("/")
        for start in range(len(parts)):
            index.setdefault("/".join(parts[start:]), name)
    return index


def _git_blob_id(path: Path) -> str:
    """Return `git-blob:` and git's id of a file: the sha1 of its size and content."""
    content = path.read_bytes()
    return "git-blob:" + hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
