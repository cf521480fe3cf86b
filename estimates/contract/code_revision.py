"""The revision of the code of a job, or of a check of a set's own: one digest over the sources of
all of its own modules, whatever process asks; nothing is imported to know it.

Own are its module and what it imports, directly or through others, of its top-level package
or of the folder in which that lies. Where packages are installed, everybody's lie side by side, so
that there only its own package counts; this distribution is a library to all. What is
imported is read from the import statements, inside of functions too, and not from what happens to
be loaded: one command loads other modules than the next.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

# In a clone they may lie beside a job.
_THIS_DISTRIBUTION = ("estimates", "estimates_api", "estimates_jobs", "estimates_migrations")


def look_here() -> None:
    """Let modules of the working directory be imported; last, so that no file that happens to lie
    there hides a package.
    """
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    importlib.invalidate_caches()


def own_sources(module: str) -> dict[str, bytes]:
    """The source of a module and of all that it imports of its own, by module name; empty without a
    source file.

    Not seen: names that are made while the code runs (`importlib.import_module(name)`), and files
    that are no modules.
    """
    own = _OwnModules(module)
    sources: dict[str, bytes] = {}
    waiting = list(_with_packages(module))
    seen = set(waiting)
    while waiting:
        name = waiting.pop()
        spec = own.spec(name)
        if spec is None or not spec.has_location or spec.origin is None:
            # no module of its own; of a package without __init__.py only what lies in it counts
            continue
        try:
            sources[name] = Path(spec.origin).read_bytes()
        except OSError:  # loaded, and gone since; or in an archive
            continue
        if spec.origin.endswith(".py"):
            is_package = spec.submodule_search_locations is not None
            package = name if is_package else name.rpartition(".")[0]
            new = _imported(sources[name], package) - seen
            seen |= new
            waiting += new
    return sources if module in sources else {}


def revision(sources: dict[str, bytes]) -> str | None:
    """SHA-256 of a line `name sha256` for each module, sorted by name; None for no sources."""
    lines = [
        f"{name} {hashlib.sha256(source).hexdigest()}\n" for name, source in sorted(sources.items())
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest() if lines else None


class _OwnModules:
    """Which modules are a job's own, and where they are; finding them imports nothing."""

    def __init__(self, module: str) -> None:
        self._top = module.partition(".")[0]
        folders = _folders(_top_spec(self._top))
        self._shared = {folder for folder in folders if not any(folder.glob("*.dist-info"))}

    def spec(self, name: str) -> ModuleSpec | None:
        """Where a module is; None when there is none, or it is a library's."""
        parts = name.split(".")
        spec = _top_spec(parts[0])
        if not self._is_own(parts[0], spec):
            return None
        for part in parts[1:]:
            if spec is None or spec.submodule_search_locations is None:
                return None
            # By its last name: with all of it, a package without __init__.py would want its parent
            # to be loaded.
            spec = PathFinder.find_spec(part, list(spec.submodule_search_locations))
        return spec

    def _is_own(self, top: str, spec: ModuleSpec | None) -> bool:
        return top == self._top or (
            top not in _THIS_DISTRIBUTION and bool(_folders(spec) & self._shared)
        )


def _top_spec(top: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(top)
    except ValueError:  # a module without a spec, such as __main__
        return None


def _folders(spec: ModuleSpec | None) -> set[Path]:
    """The folders in which a top-level module or package lies; a package without __init__.py may
    lie in several.
    """
    if spec is None:
        return set()
    if spec.submodule_search_locations is not None:
        return {Path(location).parent.resolve() for location in spec.submodule_search_locations}
    return (
        {Path(spec.origin).parent.resolve()}
        if spec.has_location and spec.origin is not None
        else set()
    )


@lru_cache(maxsize=4096)  # parsing a job's sources takes 0.3 s, and one process may run many days
def _imported(source: bytes, package: str) -> frozenset[str]:
    """The modules that a source may import, with the packages around them; names that are no
    modules come along.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # it cannot be imported either
        return frozenset()
    return frozenset(_imported_names(tree, package))


def _imported_names(tree: ast.Module, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            source_module = _source_module(node, package)
            names = [f"{source_module}.{alias.name}" for alias in node.names if source_module]
        else:
            continue
        for name in names:
            yield from _with_packages(name)


def _source_module(node: ast.ImportFrom, package: str) -> str:
    """The module that a `from … import` names, relative or not."""
    if not node.level:
        return node.module or ""
    packages = package.split(".")
    around = packages[: len(packages) - node.level + 1]
    return ".".join([*around, *([node.module] if node.module else [])])


def _with_packages(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[: depth + 1]) for depth in range(len(parts)))
