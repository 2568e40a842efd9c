"""`scripts/build`: builds the wheel and the sdist, and tries the wheel in empty environments.

For each Python of this machine, a folder of wheels is filled once: the package with all its extras and what the checks
need. Every environment is made from that folder alone, but for one: it has all extras, and of each package the lowest
version that pyproject.toml permits.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn

from markdown_it import MarkdownIt
from packaging.requirements import Requirement

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGE: Final = "dingtalk_models"
LARGEST: Final = 4_000_000
"""The bytes that the wheel may have."""

FOR_DEVELOPERS: Final = {"dev", "bench"}

_VIEWS: Final = "from dingtalk_models.callback.{0} import view; from dingtalk_models.message.{0} import view"
PROMISED: Final[Mapping[str, str]] = {
    "memcached": "from dingtalk_models.sessions.opening import open_session; open_session('memcached://127.0.0.1:1')",
    "sql": "import dingtalk_models.sessions.sql",
    "async": "import dingtalk_models.call.transport.asynchronous",
    "flask": _VIEWS.format("flask"),
    "starlette": _VIEWS.format("starlette"),
    "django": _VIEWS.format("django"),
    "sandbox": "import dingtalk_models.sandbox.__main__, dingtalk_models.sandbox.stream.websocket",
    "stream": "import dingtalk_models.stream.running, dingtalk_models.stream.connection",
    "cli": "import sys; from dingtalk_models.cli import main; sys.argv[1:] = ['--help']; main()",
    "demo": "import rich; import dingtalk_models.sandbox, dingtalk_models.stream.running",
}
"""What each extra brings: it works where the extra is installed, and fails where nothing is."""

EVERYTHING: Final = """
import importlib, pkgutil, sys
import dingtalk_models
from dingtalk_models import ConfigurationError

count, missing = 0, []
for found in pkgutil.walk_packages(dingtalk_models.__path__, "dingtalk_models.", onerror=lambda name: None):
    if found.name.endswith("__main__") or found.name.startswith("dingtalk_models.platform."):
        continue
    try:
        importlib.import_module(found.name)
        count += 1
    except ModuleNotFoundError as error:
        if str(error.name).startswith("dingtalk_models"):
            raise
        missing.append(found.name)
    except ConfigurationError:
        missing.append(found.name)
print(f"{count} modules, {len(missing)} need another extra")
"""
"""Imports each module: one either works or lacks what an extra would bring, and nothing else is wrong with it."""

TYPED: Final = """
from typing import assert_type

from dingtalk_models import Department, DingTalkApp, Query, User
from dingtalk_models.sandbox import Received, Sandbox


def names(app: DingTalkApp, sandbox: Sandbox) -> list[str]:
    assert_type(User.get("zhaolei"), User)
    assert_type(Department.objects.list(300), Query[Department])
    assert_type(app.run("dingtalk.oapi.v2.user.get", userid="zhaolei"), User)
    assert_type(sandbox.calls.to(User.get), list[Received])
    return [department.name for department in Department.objects.list(300)]
"""


STORIES: Final = re.findall(r"examples/(\w+\.py)", (ROOT / "scripts/demo").read_text("utf-8"))
"""The stories that the demo tells."""


class Failed(Exception):
    """A check failed; its text says how."""


def fail(how: str) -> NoReturn:
    """Let a check fail."""
    raise Failed(how)


def run(*command: object, cwd: Path, variables: Mapping[str, str] | None = None) -> str:
    """What a command prints.

    Raises:
        Failed: it ends with an error.
    """
    hidden = {"PYTHONPATH", "MYPYPATH", "PYTEST_ADDOPTS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "VIRTUAL_ENV"}
    environ = {name: value for name, value in os.environ.items() if name not in hidden}
    ended = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**environ, **(variables or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ended.returncode:
        fail(f"exit code {ended.returncode}:\n{ended.stdout}")
    return ended.stdout


# the files


def project() -> dict[str, Any]:
    """The table `project` of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return table


def extras() -> list[str]:
    """The extras for users."""
    return [name for name in project()["optional-dependencies"] if name not in FOR_DEVELOPERS]


def minima() -> dict[str, str]:
    """The lowest version of each package that users may have, by its name.

    Raises:
        Failed: a package has two, or none.
    """
    table = project()
    asked = [*table["dependencies"], *(each for extra in extras() for each in table["optional-dependencies"][extra])]
    found: dict[str, str] = {}
    for each in map(Requirement, asked):
        if each.name != table["name"]:
            (version,) = (limit.version for limit in each.specifier if limit.operator == ">=")
            if found.setdefault(each.name, version) != version:
                fail(f"{each.name} has two lowest versions, {found[each.name]} and {version}")
    return found


def sources() -> set[str]:
    """The files of the package that are under version control, or will be."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "src", cwd=ROOT).splitlines()
    return {name.removeprefix("src/") for name in listed if (ROOT / name).exists()}


def wheel_problems(wheel: Path) -> Iterator[str]:
    """Return the problems of the files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        told = {Path(name).name: archive.read(name).decode() for name in archive.namelist() if ".dist-info/" in name}
    wanted = sources()
    yield from (f"{name} is not in the wheel" for name in sorted(wanted - names))
    yield from (f"{name} is in the wheel, and no file of the package" for name in sorted(names - wanted))
    if f"{PACKAGE}/py.typed" not in names:
        yield "py.typed is not in the wheel"
    if "LICENSE" not in told:
        yield "the licence is not in the wheel"
    for name, target in (project()["scripts"] | project()["entry-points"]["pytest11"]).items():
        if f"\n{name} = {target}\n" not in told["entry_points.txt"]:
            yield f"{name} is not in its entry points"
    if wheel.stat().st_size > LARGEST:
        yield f"it has {wheel.stat().st_size} bytes"


def build(folder: Path, *, kind: str, source: Path = ROOT, isolated: bool = True) -> Path:
    """Build a wheel or an sdist into a folder."""
    how = () if isolated else ("--no-isolation",)
    run(sys.executable, "-m", "build", *how, f"--{kind}", "--outdir", folder, source, cwd=ROOT)
    (built,) = folder.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return built


def members(wheel: Path) -> dict[str, bytes]:
    """The files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def quick_start() -> tuple[str, str]:
    """The program in the README's quick start, and what it prints."""
    text = (ROOT / "README.md").read_text("utf-8").partition("\n## Quick start\n")[2].partition("\n## ")[0]
    blocks = [token for token in MarkdownIt().parse(text) if token.type == "fence"]
    return blocks[0].content, blocks[1].content


# the Pythons of this machine


def pythons(wanted: list[str]) -> dict[str, Path]:
    """The interpreters on the path that the package is for, by their versions, without those that have no venv."""
    least = tuple(map(int, project()["requires-python"].removeprefix(">=").split(".")))
    found: dict[str, Path] = {}
    for folder in map(Path, os.get_exec_path()):
        for each in sorted(folder.glob("python3.*")):
            if re.fullmatch(r"python3\.\d+", each.name):
                version = each.name.removeprefix("python")
                recent = tuple(map(int, version.split("."))) >= least
                if recent and (not wanted or version in wanted) and version not in found and _usable(each):
                    found[version] = each
    return dict(sorted(found.items(), key=lambda each: [int(part) for part in each[0].split(".")]))


def _usable(python: Path) -> bool:
    command = [str(python), "-c", "import ensurepip, venv"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class Environments:
    """Environments of one Python, made of one folder of wheels."""

    def __init__(self, python: Path, wheel: Path, folder: Path) -> None:
        self._python = python
        self._wheel = wheel
        self._folder = folder
        self._wheels = folder / "wheels"
        self._wheels.mkdir(parents=True)
        self.work = folder / "work"
        """Where the checks run: a folder of its own, since Python would find packages in the one that it runs in."""
        self.work.mkdir()

    def fill(self, *more: str) -> None:
        """Fetch, or build, the wheels of all extras and of what the checks need."""
        tool = self._make("tool")
        everything = f"{self._wheel}[{','.join(extras())}]"
        self._pip(tool, "wheel", "--wheel-dir", self._wheels, everything, *more)

    def make(self, name: str, extra: str, *more: str) -> Path:
        """The interpreter of a new environment that has the package with an extra, and more."""
        python = self._make(name)
        package = f"{self._wheel}[{extra}]" if extra else self._wheel
        self._pip(python, "install", "--no-index", "--find-links", self._wheels, "--no-compile", package, *more)
        return python

    def lowest(self, *more: str) -> Path:
        """The interpreter of a new environment with all extras, in the lowest versions that have wheels, and more."""
        python, versions = self._make("lowest"), self._folder / "lowest.txt"
        options = [option for extra in extras() for option in ("--extra", extra)]
        lowest = ("--quiet", "--resolution", "lowest-direct", "--only-binary", ":all:", "--output-file", versions)
        resolve = (sys.executable, "-m", "uv", "pip", "compile", "--python", python, *lowest, *options)
        run(*resolve, ROOT / "pyproject.toml", cwd=self._folder)
        package = f"{self._wheel}[{','.join(extras())}]"
        self._pip(python, "install", "--only-binary", ":all:", "--no-compile", "--constraint", versions, package, *more)
        return python

    def _make(self, name: str) -> Path:
        run(self._python, "-m", "venv", "--without-pip", self.python(name).parent.parent, cwd=self._folder)
        return self.python(name)

    def python(self, name: str) -> Path:
        """The interpreter of an environment that was made."""
        return self._folder / "environments" / name / "bin/python"

    def _pip(self, python: Path, command: str, *arguments: object) -> None:
        # the settings of the machine may name more places with wheels: the folder alone is looked at
        alone = {"PIP_FIND_LINKS": ""} if "--no-index" in arguments else {}
        pip = (sys.executable, "-m", "pip", "--python", python, command)
        run(*pip, "--quiet", "--no-input", *arguments, cwd=self._folder, variables=alone)


class Checks:
    """Runs checks, and prints a line for each.

    Attributes:
        failed: the names of those that failed.
    """

    def __init__(self) -> None:
        self.failed: list[str] = []

    def __call__(self, name: str, check: Callable[[], object]) -> bool:
        """Run a check. What it returns is told with it."""
        begun = time.monotonic()
        try:
            said, mark = check(), "✓"
        except Failed as failure:
            said, mark = str(failure), "✗"
            self.failed.append(name)
        told = f": {str(said).strip()}" if said else ""
        print(f"{mark} {name}{told} ({time.monotonic() - begun:.1f} s)", flush=True)
        return mark == "✓"


# the checks


def check_files(check: Checks, folder: Path) -> Path | None:
    """Build wheel and sdist into dist/, and look at what is in them."""
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)

    def built(kind: str) -> str:
        made = build(dist, kind=kind)
        return f"{made.name}, {made.stat().st_size:,} bytes"

    def contents() -> str:
        if problems := [*wheel_problems(next(dist.glob("*.whl")))]:
            fail("\n".join(problems))
        return f"{len(sources())} files, with types and data"

    def same() -> None:
        with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
        (unpacked,) = folder.glob(f"{PACKAGE}-*")
        other = build(folder / "again", kind="wheel", source=unpacked)
        one, two = members(next(dist.glob("*.whl"))), members(other)
        if differing := [name for name in sorted(one.keys() | two.keys()) if one.get(name) != two.get(name)]:
            fail("\n".join(differing))

    passed = check("wheel", lambda: built("wheel")) and check("sdist", lambda: built("sdist"))
    passed = passed and check("the wheel has what it should have", contents)
    passed = passed and check("the sdist builds the same wheel", same)
    return next(dist.glob("*.whl")) if passed else None


def check_python(check: Checks, version: str, environments: Environments) -> None:
    """Try the wheel on one Python."""
    tools, work = ("pytest", "pytest-xdist"), environments.work
    if not check(f"{version} fetching wheels", lambda: environments.fill(*tools)):
        return

    def alone() -> str:
        python = environments.make("alone", "")
        for extra, code in PROMISED.items():
            try:
                run(python, "-W", "error", "-c", code, cwd=work)
            except Failed as failure:
                if not re.search(r"ModuleNotFoundError|pip install", str(failure)):
                    raise
            else:
                fail(f"what [{extra}] brings is there without it")
        return run(python, "-W", "error", "-c", EVERYTHING, cwd=work)

    def with_extra(extra: str) -> None:
        run(environments.make(extra, extra), "-W", "error", "-c", PROMISED[extra], cwd=work)

    check(f"{version} alone", alone)
    for extra in extras():
        check(f"{version} [{extra}]", partial(with_extra, extra))
    sandbox = environments.python("sandbox")
    check(f"{version} quick start of the README", lambda: quick_start_runs(sandbox, work))
    check(f"{version} types are seen by mypy", lambda: types_are_seen(sandbox, work))
    check(f"{version} an application's tests, with pytest-xdist", lambda: tests_run(environments, work, tools))
    if check(f"{version} fetching the lowest versions", lambda: versions_of(environments.lowest("pytest"), work)):
        check(f"{version} lowest versions", lambda: lowest_work(environments.python("lowest"), work))


def quick_start_runs(python: Path, folder: Path) -> None:
    """Run the README's quick start."""
    code, wanted = quick_start()
    if (printed := run(python, "-W", "error", "-c", code, cwd=folder)) != wanted:
        fail(f"it prints:\n{printed}")


def types_are_seen(python: Path, folder: Path) -> str:
    """Check a program against the installed package, and another one that is wrong."""
    mypy = (sys.executable, "-m", "mypy", "--strict", "--python-executable", python, "--cache-dir", folder / "mypy")
    (folder / "typed.py").write_text(TYPED)
    (folder / "wrong.py").write_text("from dingtalk_models import User\n\nUser.get(1).name.nothing()\n")
    said = run(*mypy, "typed.py", cwd=folder)
    try:
        run(*mypy, "wrong.py", cwd=folder)
    except Failed as failure:
        if "Found 2 errors" not in str(failure):
            raise
    else:
        fail("mypy finds nothing wrong with a wrong program")
    return said


def tests_run(environments: Environments, folder: Path, tools: tuple[str, ...]) -> str:
    """Run the tests of the application in examples/: pytest finds the plugin by itself."""
    python = environments.make("tests", "sandbox,stream", *tools)
    shutil.copytree(ROOT / "examples/onboarding_app", folder / "apps/onboarding_app")
    home = folder / "apps/onboarding_app"
    said = run(python, "-m", "pytest", "-W", "error", "-n", "2", cwd=home)
    try:
        run(python, "-m", "pytest", "-p", "no:dingtalk", "-x", cwd=home)
    except Failed as failure:
        if "'dingtalk' not found" not in str(failure) and "'dingtalk_app' not found" not in str(failure):
            raise
    return said.strip().splitlines()[-1]


def versions_of(python: Path, folder: Path) -> str:
    """The versions that an environment has of the packages that users may have."""
    code = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    found = run(python, "-c", code, *minima(), cwd=folder).split()
    return ", ".join(map(" ".join, zip(minima(), found, strict=True)))


def lowest_work(python: Path, folder: Path) -> str:
    """Try what the extras bring, the command, and the stories of the demo. Old libraries may warn about themselves."""
    for code in PROMISED.values():
        run(python, "-c", code, cwd=folder)
    if ", 0 need" not in (modules := run(python, "-c", EVERYTHING, cwd=folder)):
        fail(modules)
    run(python.with_name("dingtalk-models"), "--help", cwd=folder)
    for story in STORIES:
        run(python, ROOT / "examples" / story, cwd=folder)
    return f"{modules.partition(',')[0]}, the command, {len(STORIES)} stories of the demo"


def main(wanted: list[str]) -> int:
    """Run all checks; the exit code."""
    check, begun = Checks(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        if wheel := check_files(check, Path(folder)):
            found = pythons(wanted)
            check("Pythons of this machine", lambda: ", ".join(found) or fail("none of those wanted"))
            places = [Environments(python, wheel, Path(folder, version)) for version, python in found.items()]
            with ThreadPoolExecutor() as pool:
                list(pool.map(partial(check_python, check), found, places))
    minutes, seconds = divmod(round(time.monotonic() - begun), 60)
    print(f"✗ failed: {', '.join(check.failed)}" if check.failed else "✓ all is well", f"({minutes} min {seconds} s)")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
