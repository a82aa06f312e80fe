"""The terminal, what happens to a run at logout, and the Hub as the environment has it."""

from __future__ import annotations

import locale
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from tui_finetune.launch.doctor.findings import Finding, Machine, ok, warning

COLUMNS, LINES = 80, 24
HUB_SECONDS = 5.0
LOGIND_SECONDS = 5.0
OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
TRUE = ("1", "ON", "YES", "TRUE")


def terminal(machine: Machine) -> Finding:
    """TERM, colours, size, multiplexer."""
    environ = machine.environ
    if not sys.stderr.isatty() and not sys.stdout.isatty():
        return ok("terminal", "none: output goes to a pipe or a file")
    name = environ.get("TERM", "")
    columns, lines = shutil.get_terminal_size()
    inside = "tmux" if environ.get("TMUX") else "screen" if environ.get("STY") else None
    parts = [f"TERM={name or '(not set)'}", f"{columns}x{lines}", _colours(machine)]
    parts += [f"inside {inside}"] if inside else []
    parts += ["over SSH"] if environ.get("SSH_CONNECTION") else []
    words, facts = ", ".join(parts), {"term": name, "columns": columns, "lines": lines, "inside": inside}
    if name in ("", "dumb"):
        fix = "export TERM=xterm-256color where the terminal is a usual one; the verbs work as they are."
        return warning("terminal", f"{words}: nothing can be drawn in place", fix, **facts)
    if columns < COLUMNS or lines < LINES:
        return warning("terminal", words, f"Widen it to {COLUMNS}x{LINES}: tables are cut below that.", **facts)
    return ok("terminal", words, **facts)


def _colours(machine: Machine) -> str:
    environ = machine.environ
    if environ.get("NO_COLOR"):
        return "no colours (NO_COLOR)"
    if environ.get("COLORTERM") in ("truecolor", "24bit"):
        return "true colours"
    return "256 colours" if "256" in environ.get("TERM", "") else "16 colours"


def text_encoding() -> Finding:
    """Whether what the tables draw with can be shown."""
    encoding = (sys.stdout.encoding or locale.getpreferredencoding(False)).lower()
    words = f"{encoding}, LANG={os.environ.get('LC_ALL') or os.environ.get('LANG') or '(not set)'}"
    if encoding.replace("-", "") == "utf8":
        return ok("encoding", words, encoding=encoding)
    return warning(
        "encoding",
        f"{words}: marks and texts of other scripts are shown as ?",
        "export LANG=C.UTF-8",
        encoding=encoding,
    )


def logout(machine: Machine) -> Finding:
    """Whether a run goes on when its person logs out: systemd, or a job of a cluster, may end it."""
    job = machine.environ.get("SLURM_JOB_ID")
    if job:
        fix = "Ask for as much time as the run takes; tui-finetune resume goes on from its last checkpoint."
        return warning("logout", f"inside Slurm job {job}: runs end when the job does", fix, slurm_job=job)
    if not machine.has("run/systemd/system"):
        return ok("logout", "runs go on; no systemd here that would end them")
    kills, lingers = kill_user_processes(machine), _lingers(machine)
    facts = {"kill_user_processes": kills, "linger": lingers}
    if not kills:
        return ok("logout", "runs go on: systemd leaves processes alone (KillUserProcesses=no)", **facts)
    fix = "systemd-run --user --scope tui-finetune train … keeps a run out of the session that ends."
    if not lingers:
        fix = f"loginctl enable-linger once, then {fix}"
    return warning("logout", "systemd ends every process at logout (KillUserProcesses=yes), runs too", fix, **facts)


def kill_user_processes(machine: Machine) -> bool:
    """As the login manager has it; where it cannot be asked, as its files say."""
    if machine.root == Path("/") and (loginctl := shutil.which("loginctl")):
        command = [loginctl, "show-session", "--property=KillUserProcesses"]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=LOGIND_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            ran = None
        if ran is not None and "KillUserProcesses=" in ran.stdout:
            return ran.stdout.strip().endswith("=yes")
    return _configured(machine)


def _configured(machine: Machine) -> bool:
    """The last line that sets it wins: logind.conf, then its drop-in files in order of their names."""
    found: dict[str, Path] = {}
    for place in ("usr/lib/systemd", "run/systemd", "etc/systemd"):
        folder = machine.root / place
        found |= {path.name: path for path in folder.glob("logind.conf.d/*.conf")}
    main = machine.root / "etc/systemd/logind.conf"
    value = "no"
    for path in [main, *(found[name] for name in sorted(found))]:
        for line in (machine.read(str(path.relative_to(machine.root))) or "").splitlines():
            key, _, setting = line.partition("=")
            if key.strip() == "KillUserProcesses":
                value = setting.strip()
    return value.lower() in ("yes", "true", "on", "1")


def _lingers(machine: Machine) -> bool:
    user = machine.environ.get("USER") or machine.environ.get("LOGNAME") or ""
    return bool(user) and machine.has(f"var/lib/systemd/linger/{user}")


def hub(machine: Machine) -> Finding:
    """Offline variables, the cache, and whether there is a token: it is looked for, never shown."""
    from huggingface_hub import constants, get_token

    offline = [name for name in OFFLINE if machine.environ.get(name, "").upper() in TRUE]
    token = "a token is there" if get_token() else "no token (hf auth login stores one, for private names)"
    cache = Path(constants.HF_HUB_CACHE)
    cached = len(list(cache.glob("models--*"))) + len(list(cache.glob("datasets--*"))) if cache.is_dir() else 0
    words = f"{token}; {cached} models and data sets in {cache}"
    facts = {"offline": offline, "token": bool(get_token()), "cache": str(cache), "cached": cached}
    if offline:
        fix = f"unset {' '.join(offline)} downloads again; names in the cache work as it is."
        return warning("hub", f"offline by {', '.join(offline)}; {words}", fix, **facts)
    return ok("hub", words, **facts)


def hub_reachable() -> Finding:
    """One request to the Hub, only when it was asked for."""
    from huggingface_hub import constants

    request = urllib.request.Request(constants.ENDPOINT, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=HUB_SECONDS) as answer:
            return ok("network", f"{constants.ENDPOINT} answers ({answer.status})", reachable=True)
    except urllib.error.HTTPError as error:
        return ok("network", f"{constants.ENDPOINT} answers ({error.code})", reachable=True)
    except (OSError, ValueError) as error:
        fix = "Check HTTPS_PROXY and HF_ENDPOINT; without a network use local files, packages and what is in the cache."
        reason = getattr(error, "reason", error)
        return warning("network", f"{constants.ENDPOINT} cannot be reached: {reason}", fix, reachable=False)
