"""Get a file from its pinned address, whole and checked. The only module that uses the network.

An interrupted download is taken up where it stopped, if the server can; a finished archive is kept
in `downloads/`, so that no second attempt downloads it again. Whatever arrives is compared with a
checksum that is part of this repository before it gets its name.
"""

import hashlib
import lzma
import os
import socket
import stat
import struct
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from zero_leinr.atomic_write import replacing
from zero_leinr.errors import InputError

CONNECT_SECONDS = 6.0  # an air-gapped node learns it quickly
READ_SECONDS = 60.0  # a code host may take that long to pack an archive
CHUNK = 1 << 16  # at most so much of an interrupted download is lost
PATIENCE, SLOWEST = 60.0, 10 << 10  # after so many seconds, bytes a second on average
MOST = 4 << 30  # bytes of a download whose size is not declared
MOST_UNPACKED = 16 << 30  # bytes in an archive
MOST_MEMBER = 1 << 28  # bytes of one of its files

# What zipfile raises for damaged bytes; NotImplementedError and names that are no text among them.
DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OverflowError, RuntimeError, ValueError),
)


def verify(path: Path, expected: str, name: Path | str | None = None) -> str:
    """Compare a file with its checksum.

    Args:
        path: the file.
        expected: hex sha256, all 64 digits, or `git-blob:` and git's id of the content; empty where
            nothing is known of it.
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
    if expected and found != expected:
        kind = "" if expected.startswith("git-blob:") else "sha256 "
        raise InputError(
            f"{name or path}: wrong checksum: expected {kind}{expected}, found {found}; "
            "delete the file to fetch it again"
        )
    return sha256


def download(
    addresses: str | Sequence[str],
    path: Path,
    checksum: str | None = None,
    most: int = MOST,
) -> None:
    """Download a file to `path`, unless it is there.

    Args:
        addresses: http(s) addresses of one file, tried in their order; proxies are taken from the
            environment.
        path: where to. Until it is whole and checked the file is called `<path>.part`.
        checksum: as in `verify`; without one (archives, whose members are checked) any whole file
            is taken.
        most: bytes that it may have.

    Raises:
        InputError: no network, a refusal of the server, no permission to write, wrong checksum, a
            damaged archive, too many bytes or too few a second.
    """
    if path.exists():
        return
    from filelock import FileLock

    addresses = [addresses] if isinstance(addresses, str) else addresses
    failures = []
    for address in addresses:
        try:
            _check_reachable(address)  # before anything is made on disk
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(path.with_name(path.name + ".lock")):  # parallel jobs share archives
                if not path.exists():
                    _bring(address, path, checksum, most)
            return
        except (OSError, ValueError) as failure:  # errors of requests are OSErrors, too
            failures.append((address, failure))
    address, error = failures[0]
    if isinstance(error, InputError):
        raise error
    reason = " ".join(str(getattr(error, "strerror", "") or error).split())[:200]
    known = f" (sha256 {checksum})" if checksum else ""
    others = f", and from {len(addresses) - 1} more" if len(addresses) > 1 else ""
    raise InputError(
        f"{path.name}{known}: not in {path.parent}, and downloading it from {address} failed "
        f"({reason}){others}; download it elsewhere and put it into {path.parent}"
    ) from error


def _bring(address: str, path: Path, checksum: str | None, most: int) -> None:
    """Download a file, check it, and give it its name."""
    part = path.with_name(path.name + ".part")
    _transfer(address, part, most)
    try:
        if checksum:
            verify(part, checksum, name=address)
        elif path.suffix == ".zip":
            _check_archive(part, address)
    except InputError:
        part.unlink()
        raise
    os.replace(part, path)


def _check_archive(path: Path, name: str) -> None:
    """Raise InputError unless a zip archive is whole: it gets no name else."""
    try:
        with zipfile.ZipFile(path) as file:
            if sum(info.file_size for info in file.infolist()) > MOST_UNPACKED:
                raise zipfile.BadZipFile(f"more than {MOST_UNPACKED >> 30} GiB in it")
            if broken := file.testzip():
                raise zipfile.BadZipFile(f"{broken} is broken")
    except DAMAGED as error:
        raise InputError(f"{name}: damaged archive ({error}); try again, or another day") from error


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
            inside = _by_path_end(file.namelist(), set(members))
            for member, target in tqdm(members.items(), desc=f"unpack {archive.name}", unit="file"):
                if member not in inside:
                    raise InputError(f"{archive}: holds no {member}; delete it to fetch it again")
                if file.getinfo(inside[member]).file_size > MOST_MEMBER:
                    raise zipfile.BadZipFile(f"{member} is too large")
                content = file.read(inside[member])
                with replacing(target) as temporary:
                    temporary.write_bytes(content)
                    verify(temporary, checksums[member], name=f"{member} in {archive}")
    except InputError:
        raise
    except DAMAGED as error:
        raise InputError(
            f"{archive}: damaged archive ({error}); delete it to fetch it again"
        ) from error
    except OSError as error:
        raise InputError(f"{archive}: cannot be read ({error.strerror or error})") from error


def _transfer(address: str, part: Path, most: int) -> None:
    """Bring `part` to its full length, from where it stands."""
    import requests
    from tqdm import tqdm

    with _open_part(part) as sink:
        have = sink.seek(0, os.SEEK_END)
        headers = {"Accept-Encoding": "identity"}  # bytes as stored: offsets mean something
        if have:
            headers["Range"] = f"bytes={have}-"
        timeout = (CONNECT_SECONDS, READ_SECONDS)
        response = _within(
            2 * READ_SECONDS,
            lambda: requests.get(address, headers=headers, stream=True, timeout=timeout),
        )
        with response:
            if response.status_code == 416:  # nothing left to send: start afresh, to be sure
                sink.truncate(0)
                return _transfer(address, part, most)
            response.raise_for_status()
            if response.status_code != 206:
                have = sink.seek(sink.truncate(0))
            length = response.headers.get("Content-Length", "")
            total = have + int(length) if length.isdecimal() else None
            if length and total is None:
                raise OSError(f"its Content-Length is {length[:20]!r}")
            if (total or 0) > most:
                raise OSError(f"{total} bytes, and at most {most} are expected")
            bar = tqdm(
                desc=f"fetch {part.stem}", total=total, initial=have, unit="B", unit_scale=True
            )
            with bar:
                for chunk in _chunks(response):
                    if sink.tell() + len(chunk) > most:
                        raise OSError(f"more than the {most} bytes that are expected")
                    sink.write(chunk)
                    bar.update(len(chunk))
            if total is not None and sink.tell() < total:
                raise OSError(f"it ended after {sink.tell()} of {total} bytes")


def _chunks(response: Any) -> Iterator[bytes]:
    """Yield what arrives as it arrives; a server that drips is left.

    Raises:
        OSError: Too few bytes a second on average, or the connection broke.
    """
    import urllib3

    started, received = time.monotonic(), 0
    try:
        while chunk := response.raw.read1(CHUNK):
            received += len(chunk)
            yield chunk
            late = time.monotonic() - started - PATIENCE
            if received < SLOWEST * late:
                raise TimeoutError(f"less than {SLOWEST >> 10} KiB a second")
    except urllib3.exceptions.HTTPError as error:
        raise OSError(str(error)) from error


def _open_part(part: Path) -> IO[bytes]:
    """Open an unfinished file to go on with it; a link, whose file is elsewhere, is refused."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    file = os.fdopen(os.open(part, flags, 0o666), "r+b")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(f"{part} is no file")
    return file


def _check_reachable(address: str) -> None:
    """Raise OSError unless a connection opens within CONNECT_SECONDS, name look-up included.

    The timeout of requests counts for each address of a host and leaves out the look-up, which
    together can take minutes on a node without a network.
    """
    import requests

    proxies = requests.utils.get_environ_proxies(address)
    url = urlsplit(requests.utils.select_proxy(address, proxies) or address)
    place = (url.hostname, url.port or (443 if url.scheme == "https" else 80))
    _within(
        CONNECT_SECONDS,
        lambda: socket.create_connection(place, timeout=CONNECT_SECONDS).close(),
    )


def _within(seconds: float, function: Callable[[], Any]) -> Any:
    """Return what a function returns, or raise what it raises; TimeoutError if it takes longer."""
    outcome: list[tuple[Any, Exception | None]] = []

    def call() -> None:
        try:
            outcome.append((function(), None))
        except (OSError, ValueError) as error:
            outcome.append((None, error))

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    result, error = outcome[0] if outcome else (None, None)
    if not outcome:
        error = TimeoutError(f"no answer in {seconds:g} s")
    if error is not None:
        raise error
    return result


def _by_path_end(names: list[str], ends: set[str]) -> dict[str, str]:
    """Find the first path with each end: a/b/c has the ends c, b/c and a/b/c."""
    deepest = max((end.count("/") for end in ends), default=0) + 1
    index: dict[str, str] = {}
    for name in names:
        parts = name.rsplit("/", deepest)[-deepest:]  # a path may have 30,000
        for start in range(len(parts)):
            index.setdefault("/".join(parts[start:]), name)
    return {end: index[end] for end in ends & index.keys()}


def _git_blob_id(path: Path) -> str:
    """Return `git-blob:` and git's id of a file: the sha1 of its size and content."""
    content = path.read_bytes()
    return "git-blob:" + hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
