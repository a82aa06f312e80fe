"""A server that speaks the Hub's endpoints for data sets: info, tree, paths, files with ranges, tokens, gates."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "c0ffee" + "0" * 34
TOKEN = "hf_testtoken"


@dataclass
class HubSet:
    """A data set of the server."""

    files: Mapping[str, bytes]
    card: Mapping[str, Any] = field(default_factory=dict)
    gated: str | bool = False
    private: bool = False


@dataclass
class HubServer:
    """What it serves, and what it was asked."""

    sets: dict[str, HubSet]
    endpoint: str = ""
    broken: set[str] = field(default_factory=set)
    """Files of which a request gets the first half only."""
    asked: list[str] = field(default_factory=list)
    """`GET datasets/a/b/resolve/…`: every request for a file's content."""


@contextmanager
def hub_server(sets: Mapping[str, HubSet]) -> Iterator[HubServer]:
    """Serves them on this machine until the block ends."""
    state = HubServer(dict(sets))

    class Handler(_Handler):
        hub = state

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.endpoint = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_POST(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        parts = urlsplit(self.path)
        path, query = unquote(parts.path), parse_qs(parts.query)
        given = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        about = re.match(
            r"/(api/)?datasets/([^/]+/[^/]+)(?:/(revision|tree|paths-info|resolve)/([^/]+)(?:/(.*))?)?$", path
        )
        found = self.hub.sets.get(about.group(2)) if about is not None else None
        if about is None or found is None:
            return self._refuse(404, "RepoNotFound", "Repository not found")
        name, what, revision, rest = about.group(2, 3, 4, 5)
        trusted = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if found.private and not trusted:
            return self._refuse(401, "RepoNotFound", "Repository not found")
        if revision not in (None, "main", COMMIT):
            return self._refuse(404, "RevisionNotFound", "Invalid rev id")
        if what == "resolve":
            if found.gated and not trusted:
                return self._refuse(403, "GatedRepo", f"Access to dataset {name} is restricted.")
            return self._file(name, found, rest or "", body=body)
        if what == "tree":
            under = [one for one in found.files if not rest or one.startswith(f"{rest}/")]
            return self._json([_entry(one, found.files[one]) for one in under])
        if what == "paths-info":
            wanted = (
                json.loads(given or b"{}").get("paths", [])
                if given[:1] == b"{"
                else parse_qs(given.decode()).get("paths", [])
            )
            return self._json([_entry(one, found.files[one]) for one in wanted if one in found.files])
        return self._json(self._info(name, found, blobs="blobs" in query))

    def _info(self, name: str, found: HubSet, *, blobs: bool) -> dict[str, Any]:
        siblings = [
            {"rfilename": one, **({"size": len(data), "blobId": _oid(data)} if blobs else {})}
            for one, data in found.files.items()
        ]
        return {
            "_id": "1", "id": name, "sha": COMMIT, "private": found.private, "gated": found.gated, "disabled": False,
            "downloads": 4321, "likes": 7, "lastModified": "2026-01-02T03:04:05.000Z", "createdAt": "2025-01-02T03:04:05.000Z",
            "tags": [], "cardData": dict(found.card), "siblings": siblings,
        }  # fmt: skip

    def _file(self, name: str, found: HubSet, path: str, *, body: bool) -> None:
        data = found.files.get(path)
        if data is None:
            self._refuse(404, "EntryNotFound", "Entry not found")
            return
        start, status = 0, 200
        asked = re.match(r"bytes=(\d+)-(\d*)$", self.headers.get("Range") or "")
        end = len(data)
        if asked is not None:
            start, status = int(asked.group(1)), 206
            end = min(end, int(asked.group(2)) + 1) if asked.group(2) else end
        self.send_response(status)
        self.send_header("ETag", f'"{_oid(data)}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(end - start))
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        broken = body and path in self.hub.broken
        if broken:
            self.send_header("Connection", "close")
        self.end_headers()
        if body:
            self.hub.asked.append(path)
            self.wfile.write(data[start : start + (end - start) // 2] if broken else data[start:end])
            self.close_connection = broken

    def _json(self, document: Any) -> None:
        content = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _refuse(self, status: int, code: str, words: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", words)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _oid(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def _entry(path: str, data: bytes) -> dict[str, Any]:
    return {"type": "file", "path": path, "size": len(data), "oid": _oid(data)}
