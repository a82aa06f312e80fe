"""Processor, memory, GPUs, disk and home, on folders that stand for machines."""

from __future__ import annotations

import os
from collections import namedtuple
from collections.abc import Mapping
from pathlib import Path

import pytest

from tui_finetune.launch.devices import Device
from tui_finetune.launch.doctor import machine as hardware
from tui_finetune.launch.doctor.findings import Machine
from tui_finetune.launch.doctor.limits import cpu_limit, memory_left, memory_limit
from tui_finetune.paths import Home

Usage = namedtuple("Usage", "total used free")


def machine(root: Path, files: Mapping[str, str] = {}, **environ: str) -> Machine:
    """A machine with these files, paths below its root, and these variables."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Machine(root, environ)


def cpu(flags: str) -> str:
    return f"processor\t: 0\nflags\t\t: fpu sse2 {flags}\n\nprocessor\t: 1\n"


@pytest.mark.parametrize(
    ("flags", "level", "words"),
    [
        ("avx2 avx512f amx_bf16", "ok", "AMX: bf16 is several times faster"),
        ("avx2 avx512f avx512_bf16", "ok", "AVX-512"),
        ("avx2", "ok", "AVX2; bf16 on it is far slower than fp32"),
        ("sse4_2", "warning", "no AVX2"),
    ],
)
def test_processor_says_whether_reduced_precision_pays(tmp_path: Path, flags: str, level: str, words: str) -> None:
    found = hardware.processor(machine(tmp_path, {"proc/cpuinfo": cpu(flags)}))
    assert found.level == level
    assert words in found.text


def test_processor_that_tells_nothing(tmp_path: Path) -> None:
    found = hardware.processor(machine(tmp_path, OMP_NUM_THREADS="3"))
    assert found.level == "ok"
    assert "features unknown" in found.text
    assert "OMP_NUM_THREADS=3" in found.text


def test_cores_are_no_more_than_the_container_gives(tmp_path: Path) -> None:
    files = {"proc/self/cgroup": "0::/docker/abc\n", "sys/fs/cgroup/cpu.max": "50000 100000\n"}
    assert hardware.processor(machine(tmp_path, files)).facts["cores"] == 0.5


@pytest.mark.parametrize(
    ("files", "memory", "cores"),
    [
        ({}, None, None),
        ({"sys/fs/cgroup/memory.max": "max", "sys/fs/cgroup/cpu.max": "max 100000"}, None, None),
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/memory.max": "3000",
                "sys/fs/cgroup/a/b/memory.max": "max",
                "sys/fs/cgroup/cpu.max": "150000 100000",
            },
            3000,
            1.5,
        ),
        (
            {
                "proc/self/cgroup": "5:cpu,cpuacct:/x\n4:memory:/x\n0::/\n",
                "sys/fs/cgroup/memory/x/memory.limit_in_bytes": "5000",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
                "sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "-1",
                "sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000",
            },
            5000,
            None,
        ),
    ],
    ids=["none", "unlimited", "version 2, limit above", "version 1"],
)
def test_limits(tmp_path: Path, files: dict[str, str], memory: int | None, cores: float | None) -> None:
    place = machine(tmp_path, files)
    assert memory_limit(place) == memory
    assert cpu_limit(place) == cores


def test_memory_that_is_left_of_a_limit(tmp_path: Path) -> None:
    second = {
        "proc/self/cgroup": "0::/a\n",
        "sys/fs/cgroup/a/memory.max": "5000",
        "sys/fs/cgroup/a/memory.current": "3000",
        "sys/fs/cgroup/a/memory.stat": "anon 2000\ninactive_file 700\n",
    }
    assert memory_left(machine(tmp_path / "2", second)) == 2700
    first = {
        "proc/self/cgroup": "4:memory:/x\n",
        "sys/fs/cgroup/memory/x/memory.limit_in_bytes": "5000",
        "sys/fs/cgroup/memory/x/memory.usage_in_bytes": "4900",
        "sys/fs/cgroup/memory/x/memory.stat": "total_inactive_file 50\n",
    }
    assert memory_left(machine(tmp_path / "1", first)) == 150
    assert memory_left(machine(tmp_path / "0", {})) is None


MEMINFO = "MemTotal:       32000000 kB\nMemFree: 1 kB\nMemAvailable:   {available} kB\n"


def test_memory(tmp_path: Path) -> None:
    enough = hardware.memory(machine(tmp_path, {"proc/meminfo": MEMINFO.format(available=16_000_000)}))
    assert (enough.level, enough.facts["available"]) == ("ok", 16_000_000 * 1024)
    short = hardware.memory(machine(tmp_path, {"proc/meminfo": MEMINFO.format(available=500_000)}))
    assert short.level == "warning"
    assert short.fix


def test_memory_of_a_small_container(tmp_path: Path) -> None:
    files = {
        "proc/meminfo": MEMINFO.format(available=16_000_000),
        "sys/fs/cgroup/memory.max": "1000000000",
    }
    found = hardware.memory(machine(tmp_path, files))
    assert found.level == "warning"
    assert "limited to 1.0 GB" in found.text


def test_memory_is_not_known_everywhere(tmp_path: Path) -> None:
    assert hardware.memory(machine(tmp_path)).text == "not known on this system"


def test_gpu_with_others_on_it(tmp_path: Path) -> None:
    device = Device(0, "NVIDIA A10", 24_000_000_000, 20_000_000_000, 2)
    (found,) = hardware.gpus(machine(tmp_path), [device])
    assert (found.name, found.level) == ("cuda:0", "ok")
    assert "20.0 GB free, 2 processes on it" in found.text
    (full,) = hardware.gpus(machine(tmp_path), [Device(1, "NVIDIA A10", 24_000_000_000, 100_000_000, 1)])
    assert full.level == "warning"
    assert full.fix
    assert "cuda:1" in full.fix


def test_no_gpu_and_why(tmp_path: Path) -> None:
    assert hardware.gpus(machine(tmp_path), [])[0].level == "ok"
    driver = {"proc/driver/nvidia/version": "NVRM"}
    (unlisted,) = hardware.gpus(machine(tmp_path, driver), [])
    assert "nvidia-smi" in (unlisted.fix or "")
    (hidden,) = hardware.gpus(machine(tmp_path, driver, CUDA_VISIBLE_DEVICES=""), [])
    assert "hidden by CUDA_VISIBLE_DEVICES" in hidden.text


@pytest.mark.parametrize(("size", "level"), [(64 * 2**20, "warning"), (2**31, "ok")])
def test_shared_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, level: str) -> None:
    (tmp_path / "dev" / "shm").mkdir(parents=True)
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage(size, 0, size))
    assert hardware.shared_memory(Machine(tmp_path, {})).level == level


def test_no_shared_memory_is_no_problem(tmp_path: Path) -> None:
    assert hardware.shared_memory(Machine(tmp_path, {})).level == "ok"


@pytest.mark.parametrize(("free", "level"), [(10**8, "problem"), (10**9, "warning"), (10**11, "ok")])
def test_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: str) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage(10**12, 0, free))
    found = hardware.disk(Home(tmp_path / "not" / "made"))
    assert found.level == level
    assert (found.fix is None) == (level == "ok")


def test_home_of_its_own(home: Home, tmp_path: Path) -> None:
    assert hardware.home_rights(home).text.endswith("yours alone")
    absent = tmp_path / "absent" / "home"
    assert hardware.home_rights(Home(absent)).level == "ok"
    assert not absent.parent.exists()


def test_home_that_others_can_read_or_write(home: Home) -> None:
    home.root.chmod(0o755)
    assert "can be read by other users" in hardware.home_rights(home).text
    home.root.chmod(0o777)
    found = hardware.home_rights(home)
    assert "can be written by other users" in found.text
    assert found.fix == f"chmod go-rwx {home.root}"


def test_home_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    assert hardware.home_rights(Home(tmp_path / "file" / "home")).level == "problem"
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "cannot be written" in hardware.home_rights(Home(tmp_path / "home")).text
