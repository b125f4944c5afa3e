"""A web server of our own and a small registry whose archive it has."""

import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import yaml
from PIL import Image

from experiments.data import fetch as data


def png(seed, size=(40, 36)):
    """Return the bytes of a random PNG."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format="PNG")
    return out.getvalue()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def zipped(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


class Site:
    """A web server on this machine. `files`: path -> content; `asked`: (path, Range) so far."""

    def __init__(self):
        self.files, self.asked = {}, []
        # cut: send that many bytes of the next answer, then stop
        self.ranges, self.cut = True, None
        # length: what Content-Length says; endless: bytes that follow, again and again
        self.length, self.endless = None, b""
        self.over = threading.Event()  # ends what is endless
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                wanted = self.headers.get("Range")
                site.asked.append((self.path, wanted))
                if self.path not in site.files:
                    return self.send_error(404)
                body = site.files[self.path]
                start = int(wanted[6:-1]) if wanted and site.ranges else 0
                if start >= len(body) > 0:
                    return self.send_error(416)
                self.send_response(206 if start else 200)
                if not site.endless:
                    self.send_header("Content-Length", site.length or str(len(body) - start))
                self.end_headers()
                part, site.cut = body[start:][: site.cut], None
                self.wfile.write(part)
                while site.endless and not site.over.wait(0.01):
                    self.wfile.write(site.endless)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Shop:
    def __init__(self, config, home, site, images):
        self.config, self.home, self.site, self.images = config, home, site, images
        self.registry = config / "datasets.yaml"
        self.archive = home / "downloads" / "set.zip"
        (config / "manifests").mkdir(parents=True)
        self.document = {
            "sources": {
                "set": {
                    "address": f"{site.address}/set.zip",
                    "archive": "set.zip",
                    "manifest": "set.sha256",
                    "folders": {"my/low": "deep/low", "my/high": "deep/high"},
                    "licence": "CC0",
                    "citation": "nobody",
                }
            },
            "datasets": {"pairs": {"low": "my/low", "high": "my/high", "count": 2}},
        }
        self.write_manifest({f"my/{name}": sha256(content) for name, content in images.items()})
        self.serve(images)
        self.save()

    def write_manifest(self, checksums, name="set.sha256"):
        lines = [f"{checksum}  {file}\n" for file, checksum in checksums.items()]
        (self.config / "manifests" / name).write_text("".join(lines))

    def serve(self, images, **more):
        members = {f"root-1234/deep/{name}": content for name, content in images.items()}
        self.site.files["/set.zip"] = zipped(members | more)

    def save(self):
        self.registry.write_text(yaml.safe_dump(self.document))

    def fetch(self, name="pairs", **options):
        return data.fetch(name, registry=self.registry, **options)

    def put(self, folder="my"):
        for name, content in self.images.items():
            path = self.home / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
