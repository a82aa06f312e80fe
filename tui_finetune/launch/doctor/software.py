"""Python, packages against what this distribution asks for, the demo's model, plugins, and what torch itself sees."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tui_finetune.errors import ModelError
from tui_finetune.launch.doctor.findings import Finding, ok, problem, warning

if TYPE_CHECKING:
    from packaging.requirements import Requirement

    from tui_finetune.paths import Home
    from tui_finetune.plugin_api.manager import Catalog

DISTRIBUTION = "tui-finetune"
NAMED = ("torch", "transformers", "datasets", "accelerate")
"""Packages whose versions are told even where all is well: questions about a run begin with them."""
TORCH_SECONDS = 120.0
"""Importing torch from a cold network disk takes a minute."""
DEMO_MODEL = "builtin:all-MiniLM-L6-v2"

_TORCH_PROBE = """
import json, torch
cuda = torch.cuda.is_available()
print(json.dumps({
    "version": torch.__version__, "cuda_build": torch.version.cuda, "rocm_build": torch.version.hip, "cuda": cuda,
    "devices": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if cuda else [],
    "bf16": bool(cuda and torch.cuda.is_bf16_supported()), "threads": torch.get_num_threads(),
}))
"""


def python() -> Finding:
    """The interpreter that runs this, and with it every worker."""
    where = sys.prefix if sys.prefix != sys.base_prefix else f"{sys.executable}, no virtual environment"
    words = f"{platform.python_version()}, {where}"
    facts = {"version": platform.python_version(), "executable": sys.executable, "platform": platform.platform()}
    if sys.maxsize <= 2**32:
        return problem("python", f"{words}, 32 bits", "Install a 64-bit Python: torch has no other.", **facts)
    return ok("python", words, **facts)


def packages(requirements: Iterable[str] | None = None) -> Iterator[Finding]:
    """What is missing or of a version that was not met by the tests, one finding each; then the rest in one."""
    if requirements is None:
        try:
            requirements = importlib.metadata.requires(DISTRIBUTION) or []
        except importlib.metadata.PackageNotFoundError:
            fix = "pip install -e . in its checkout."
            yield warning("packages", f"{DISTRIBUTION} runs from a folder, not installed", fix)
            return
    versions: dict[str, str] = {}
    broken = False
    for requirement in _wanted(requirements):
        found = _version(requirement.name)
        if found is not None and requirement.specifier.contains(found, prereleases=True):
            versions[requirement.name] = found
            continue
        broken = True
        what = f"{requirement.name} is not installed" if found is None else f"{requirement.name} {found} is installed"
        text = f"{what}; {requirement.name}{requirement.specifier} is needed"
        yield problem("packages", text, f'pip install "{requirement.name}{requirement.specifier}"', installed=found)
    named = ", ".join(f"{name} {versions[name]}" for name in NAMED if name in versions)
    count = f"{len(versions)} {'others ' if broken else ''}as they should be"
    yield ok("packages", f"{count}: {named}" if named else count, versions=versions)


def _wanted(requirements: Iterable[str]) -> Iterator[Requirement]:
    """Those of the base install; extras are the business of what needs them."""
    from packaging.requirements import Requirement  # late: only here, and parsing costs more than looking

    for text in requirements:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def torch_finding(gpus: int, probe: Mapping[str, Any] | None = None) -> Finding:
    """What torch sees, asked in a process of its own; `gpus` is what the driver lists."""
    seen = probe_torch() if probe is None else probe
    if "error" in seen:
        fix = "pip install --force-reinstall torch with the constraints file; its own documentation lists builds for CUDA."
        return problem("torch", f"cannot be imported: {seen['error']}", fix)
    build = (
        f"CUDA {seen['cuda_build']}"
        if seen["cuda_build"]
        else f"ROCm {seen['rocm_build']}"
        if seen["rocm_build"]
        else "CPU"
    )
    words = f"{seen['version']}, {build} build, {seen['threads']} thread{'' if seen['threads'] == 1 else 's'}"
    if seen["devices"]:
        return ok("torch", f"{words}, sees {', '.join(seen['devices'])}", **seen)
    if gpus and build == "CPU":
        fix = "Install a CUDA build of torch; runs use the processor until then."
        return warning("torch", f"{words}: it cannot use the GPU of this machine", fix, **seen)
    if gpus:
        fix = (
            "Update the driver, or install a torch that was built for an older CUDA; runs use the processor until then."
        )
        return warning("torch", f"{words}: it sees no GPU, though the driver lists {gpus}", fix, **seen)
    return ok("torch", words, **seen)


def probe_torch(seconds: float = TORCH_SECONDS) -> dict[str, Any]:
    """The probe's answer, or `{"error": …}` in one line."""
    command = [sys.executable, "-P", "-c", _TORCH_PROBE]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=seconds)
    except subprocess.TimeoutExpired:
        return {"error": f"no answer within {seconds:.0f} s"}
    lines = ran.stdout.splitlines()
    if ran.returncode == 0 and lines:
        found: dict[str, Any] = json.loads(lines[-1])
        return found
    said = [line for line in ran.stderr.splitlines() if line.strip()]
    return {"error": said[-1] if said else f"its process ended with code {ran.returncode}"}


def demo_model(home: Home) -> Finding:
    """The model that the demo trains: installed, and the file that it should be."""
    from tui_finetune.inference.builtin_models import builtin_folder

    try:
        folder = builtin_folder(DEMO_MODEL, home)
    except ModelError as error:
        found = error.problems[0]
        return warning("demo", f"tui-finetune demo cannot run: {found.message}", found.hint or "Install it again.")
    return ok("demo", "its model is installed and whole", path=str(folder))


def plugins(catalog: Catalog) -> list[Finding]:
    """Those that failed, one finding each; then how many work."""
    found = [
        warning(
            "plugin",
            f"{info.name} failed in {info.hook}: {info.error}",
            f"tui-finetune plugins show {info.name} prints the traceback; recipes that name what it adds are refused.",
        )
        for info in catalog.failed
    ]
    working = [info.name for info in catalog.plugins if info.health == "works"]
    return [*found, ok("plugins", f"{len(working)} work: {', '.join(working)}", names=working)]
