"""Which chapter of Python's Library Reference a module belongs to, by the index of 3.11 to 3.14.

Where a chapter moved a module (getpass, curses, turtle), the newest index counts, so that a label means the same on every
Python. Superseded and removed modules (cgi, distutils) are in none: their chapter tells their age, not their subject, and
data that only one Python has would make figures differ. Names are the chapters' titles, shortened so that a table of pairs
of them fits 80 columns.
"""

from __future__ import annotations

CHAPTERS: dict[str, str] = {
    "text processing": "string re difflib textwrap unicodedata stringprep readline rlcompleter",
    "binary data": "struct codecs encodings",
    "data types": (
        "datetime zoneinfo calendar collections heapq bisect array weakref types copy pprint reprlib enum graphlib"
    ),
    "numeric": "numbers math cmath decimal fractions random statistics",
    "functional programming": "itertools functools operator",
    "files and directories": "pathlib posixpath ntpath genericpath stat filecmp tempfile glob fnmatch linecache shutil",
    "persistence": "pickle copyreg shelve marshal dbm sqlite3",
    "compression": "compression zlib gzip bz2 lzma zipfile tarfile",
    "file formats": "csv configparser tomllib netrc plistlib",
    "cryptography": "hashlib hmac secrets",
    "operating system": "os io time logging platform errno ctypes",
    "command line": "argparse optparse getpass fileinput curses cmd getopt",
    "concurrency": ("threading multiprocessing concurrent subprocess sched queue contextvars"),
    "networking": "asyncio socket ssl select selectors signal mmap",
    "internet data": "email json mailbox mimetypes base64 binascii quopri",
    "markup": "html xml",
    "internet protocols": (
        "webbrowser wsgiref urllib nturl2path http ftplib poplib imaplib smtplib uuid socketserver xmlrpc ipaddress"
    ),
    "multimedia": "wave colorsys",
    "internationalization": "gettext locale",
    "graphical interfaces": "tkinter turtle",
    "development tools": "typing pydoc doctest unittest",
    "debugging and profiling": "bdb faulthandler pdb profile cProfile pstats profiling timeit trace tracemalloc",
    "packaging": "ensurepip venv zipapp",
    "runtime services": (
        "sys sysconfig builtins warnings dataclasses contextlib abc atexit traceback __future__ gc inspect"
        " annotationlib site code codeop"
    ),
    "importing": "zipimport pkgutil modulefinder runpy importlib",
    "language services": (
        "ast symtable token keyword tokenize tabnanny pyclbr py_compile compileall dis opcode pickletools"
    ),
    "unix": "shlex posix pwd grp termios tty pty fcntl resource syslog",
}
"""Chapter to its modules; a package stands for everything in it."""

WRITTEN_IN = {
    "_collections_abc": "collections",
    "_pydatetime": "datetime",
    "_pydecimal": "decimal",
    "_pyio": "io",
}
"""Private modules that hold the docstrings of a public one, which has them from C or imports all of it."""

LEFT_OUT = frozenset({"test", "tests", "__main__"})
"""Parts of module names that are no part of the library: `unittest.test`, `tkinter.test`, `ctypes.test`."""

_CHAPTER_OF = {module: chapter for chapter, modules in CHAPTERS.items() for module in modules.split()}


def chapter_of(module: str) -> str | None:
    """The chapter of `email.message`; None for tests, superseded modules and what the Reference does not describe."""
    parts = WRITTEN_IN.get(module, module).split(".")
    private = any(part.startswith("_") and not part.startswith("__") for part in parts)
    return None if private or LEFT_OUT.intersection(parts) else _CHAPTER_OF.get(parts[0])
