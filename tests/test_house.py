"""The rules of the house: what a reader of the tree may rely on, each a test."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.trees import tree_of

pytestmark = pytest.mark.usefixtures("trees_stay")
ROOT = Path(__file__).parents[1]
PACKAGES = {
    "estimates": ROOT / "estimates",
    "estimates_api": ROOT / "api" / "estimates_api",
    "estimates_jobs": ROOT / "jobs" / "estimates_jobs",
    "estimates_migrations": ROOT / "migrations" / "estimates_migrations",
}
# Names that say nothing: what was found, told, said or asked has a name of its own.
VAGUE = {"found", "told", "one", "asked", "given", "facts", "held"}
VAGUE_IN_LIBRARY = {"said", "saying", "sought", "thing", "mine", "got", "come"}
# Names of fields of stored scores, of the catalog and of answers.
STORED = {
    ("estimates/accuracy/accuracy_report.py", "asked"),
    ("estimates/catalog/alias_moves.py", "held"),
    ("estimates/catalog/records.py", "held"),
    ("api/estimates_api/http/bodies.py", "held"),
    ("jobs/estimates_jobs/cli/output/set_status.py", "held"),
}
EMPTY_STEMS = {"utils", "util", "helpers", "common", "manager", "service", "base", "misc"}
# One noun's faces share its name: its room, its route, its command, its tests.
FACES = {"routes", "cli"}
# Rooms of one file a check, route or command: a list of names would say nothing more.
LISTS = {"checks", "routes", "cli"}
MOST_LAYERS = 12
MOST_MODULES_AT_THE_TOP = 8


def python_files(*folders: str) -> list[Path]:
    """The project's Python files below these folders, sorted."""
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def name_of(file: Path) -> str:
    """A file's path from the project's folder, for messages."""
    return file.relative_to(ROOT).as_posix()


def functions_of(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions of a tree, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines(rows: Iterable[object]) -> str:
    """What breaks a rule, one a line, whole: pytest would cut the list."""
    return "\n" + "\n".join(map(str, rows))


# Rooms where a module is tried by itself, in tests of its name: what decides, proves or stores, who
# may read, what is guessed of a table, what answers by key.
TRIED_ALONE = (
    *("access", "catalog", "contract", "gate", "gate/checks", "guess", "keys", "lookup"),
    *("principals", "stability", "stability/kernels", "stability/through_time", "storage"),
    *("accuracy", "calibration", "compare", "gate/pages", "reading", "api/access", "api/desk"),
    *("jobs/builtin", "jobs/hub", "jobs/notify", "jobs/run", "jobs/scaffold", "jobs/tables"),
    *("client", "jobs/tracking", "render", "stability/pages"),
)
# Modules of these without tests of their own name: Structs and tables alone; what every check rests
# on, which each check's tests try; what whole stores, services and pages try.
TRIED_WITH_OTHERS = {
    *("candidate", "check", "event_kinds", "production_history", "run_record", "schema"),
    *("broken_rules", "changed_rows", "evaluation_context", "from_report", "shared_pair"),
    *("access_writes", "erasure_writes", "proposal", "unapproved"),
    *("family_reports", "label_report", "report", "revision_report", "series_report"),
    *("change_page", "policy_text", "table_diff", "forecast_series", "new_set"),
    *("database_tables", "family_tables", "gate_draft", "lake_tables"),
    *("store_verdicts", "typed_files", "typed_tables"),
    *("answers", "desk_page", "pictures", "clock_repair", "read_only"),
    *("accuracy_report", "model_page", "point_report", "sample_report", "standing"),
    *("version_reader", "client_record", "inputs", "mlflow_structs", "recorded_run", "trial"),
    *("clients", "comparison_requests", "plans", "reading_requests", "remote_gate", "remote_join"),
    *("charts", "colours", "family_sections", "sections", "style", "vega"),
}

LIBRARY = python_files("estimates", "api", "jobs", "migrations")
EVERYTHING = LIBRARY + python_files("tests", "benchmarks", "proof", "examples")


def test_lines_are_short() -> None:
    """No line of Python is longer than 100 characters."""
    wide = [
        f"{name_of(file)}:{number}"
        for file in EVERYTHING
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > 100 and "noqa: E501" not in line
    ]
    assert not wide, lines(wide)


def test_files_are_short() -> None:
    """A file has at most 400 lines; one of tests, benchmarks or proof at most 600."""
    long = [
        f"{name_of(file)}: {count} lines"
        for file in EVERYTHING
        if (count := len(file.read_text(encoding="utf-8").splitlines()))
        > (400 if file in LIBRARY else 600)
    ]
    assert not long, lines(long)


def test_functions_are_short() -> None:
    """A function has at most 60 lines, its docstring included."""
    long = [
        f"{name_of(file)}:{function.lineno} {function.name}"
        for file in LIBRARY
        for function in functions_of(tree_of(file))
        if (function.end_lineno or 0) - function.lineno + 1 > 60
    ]
    assert not long, lines(long)


def test_names_say_something() -> None:
    """No variable, parameter or function has a name that fits everything."""
    library = set(LIBRARY)
    vague = [
        f"{name_of(file)}:{line} {name}"
        for file in EVERYTHING
        for name, line in bound_names(tree_of(file))
        if (name in VAGUE or (file in library and name in VAGUE_IN_LIBRARY))
        and (name_of(file), name) not in STORED
    ]
    assert not vague, lines(vague)
    assert [name_of(file) for file in EVERYTHING if file.stem in EMPTY_STEMS] == []


def bound_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The names that a file binds, with their lines: variables, attributes, parameters, functions,
    classes, what is caught, matched or imported under another name.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name, node.lineno
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname, node.lineno) for alias in node.names if alias.asname)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_file_name_means_one_thing(package: str) -> None:
    """No two modules of a package share a name, one noun's faces aside."""
    stems = Counter(
        file.stem
        for file in PACKAGES[package].rglob("*.py")
        if file.stem not in ("__init__", "__main__") and file.parent.name not in FACES
    )
    assert {stem: count for stem, count in stems.items() if count > 1} == {}


def test_the_library_has_rooms() -> None:
    """At most eight modules stand directly in `estimates`, and the layers are at most twelve."""
    assert len(list(PACKAGES["estimates"].glob("*.py"))) <= MOST_MODULES_AT_THE_TOP
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    linter = settings["tool"]["importlinter"]
    assert not linter.get("exclude_type_checking_imports", False)
    assert max(len(contract.get("layers", [])) for contract in linter["contracts"]) <= MOST_LAYERS


def test_every_room_has_a_map() -> None:
    """A package's docstring names each of its modules."""
    unnamed = [
        f"{name_of(file)}: {module.stem}"
        for file in LIBRARY
        if file.name == "__init__.py"
        and file.parent not in PACKAGES.values()
        and file.parent.name not in LISTS
        for module in sorted(file.parent.glob("*.py"))
        if module.stem not in ("__init__", "__main__")
        and not re.search(rf"\b{module.stem}\b", ast.get_docstring(tree_of(file)) or "")
    ]
    assert not unnamed, lines(unnamed)


def test_imports_make_no_circle() -> None:
    """Modules import each other in one direction, type-checking imports included."""
    arrows = {module: imported_modules(module, file) for module, file in modules().items()}
    done: set[str] = set()
    circles = [
        " -> ".join(circle)
        for module in arrows
        if (circle := circle_from(module, arrows, done, []))
    ]
    assert not circles, lines(circles)


@cache
def modules() -> dict[str, Path]:
    """Every module of the four packages by its dotted name."""
    return {
        ".".join(file.relative_to(folder.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): file
        for folder in PACKAGES.values()
        for file in folder.rglob("*.py")
    }


def imported_modules(module: str, file: Path) -> list[str]:
    """The modules of the project that a module imports, anywhere in it."""
    names: list[str] = []
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names += [name if name in modules() else node.module for name in inner]
    return sorted({name for name in names if name in modules() and name != module})


def circle_from(
    module: str, arrows: dict[str, list[str]], done: set[str], path: list[str]
) -> list[str] | None:
    """The first circle that leads from a module back to one on the path; None without one."""
    if module in path:
        return [*path[path.index(module) :], module]
    if module in done:
        return None
    for imported in arrows[module]:
        circle = circle_from(imported, arrows, done, [*path, module])
        if circle:
            return circle
    done.add(module)
    return None


def test_errors_are_listed() -> None:
    """A public function's docstring, or its class's, names each error code that it raises."""
    unlisted = [
        f"{name_of(file)}:{function.lineno} {function.name} does not name {code}"
        for file in LIBRARY
        if file.parent.name != "routes"  # their docstrings are the API's document, which lists them
        for function, docs in public_functions(tree_of(file))
        for code in sorted(raised_codes(function))
        if code not in docs
    ]
    assert not unlisted, lines(unlisted)


def public_functions(
    tree: ast.Module,
) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    """Public functions and methods, each with its docstring and that of its class."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if not node.name.startswith("_"):
                yield node, ast.get_docstring(node) or ""
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for method in node.body:
                is_function = isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
                if is_function and not method.name.startswith("_"):
                    yield method, f"{ast.get_docstring(method)} {ast.get_docstring(node)}"


def raised_codes(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The codes of the errors that a function raises itself."""
    return {
        node.exc.args[0].value
        for node in ast.walk(function)
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
        and node.exc.func.id.endswith("Error")
        and node.exc.args
        and isinstance(node.exc.args[0], ast.Constant)
        and isinstance(node.exc.args[0].value, str)
        and re.fullmatch(r"[a-z][a-z0-9_]+", node.exc.args[0].value)
    }


def test_nothing_refers_into_nowhere() -> None:
    """Each page that code or docs cite is in this repository, and no noise names a source."""
    texts = {file: file.read_text(encoding="utf-8") for file in LIBRARY}
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "proof").glob("*.md")]
    texts |= {page: page.read_text(encoding="utf-8") for page in pages}
    lost = [
        f"{name_of(file)}: {cited}"
        for file, text in texts.items()
        for cited in sorted(set(re.findall(r"\b(?:docs|proof)/[\w/-]+\.md", text)))
        if not (ROOT / cited).exists()
    ]
    assert not lost, lines(lost)
    noise = re.compile(r"Source: \w+\.md|\bgate\.md \d|\barchitecture\.md\b|(?<![\w-])house\.md\b")
    assert [name_of(file) for file, text in texts.items() if noise.search(text)] == []


def test_cited_members_are_there() -> None:
    """What code cites as `Class.member` is one, where the class is the project's."""
    members: dict[str, set[str]] = {}
    for file in LIBRARY:
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.ClassDef):
                bases = {ast.unparse(base).partition("[")[0] for base in node.bases}
                members.setdefault(node.name, bases).update(
                    name for name, _ in bound_names(ast.Module([node], []))
                )
    unknown = [
        f"{name_of(file)}: {name}.{member}"
        for file in LIBRARY
        for name, member in re.findall(r"`([A-Z]\w*)\.(\w+)", file.read_text(encoding="utf-8"))
        if name in members and not is_member(member, name, members)
    ]
    assert not unknown, lines(unknown)


def is_member(member: str, name: str, members: dict[str, set[str]]) -> bool:
    """Whether a class, or one that it is made of, binds a name."""
    own = members.get(name, set())
    return member in own or any(
        is_member(member, base, members) for base in own & members.keys() - {name}
    )


def test_cited_metrics_are_documented() -> None:
    """The short names of metrics that code cites (K4, S10, I1) stand in docs/stability.md."""
    short = re.compile(r"\b(?:[CIKQ]\d|S\d\d?|T[1-9]|V[1-7])\b")
    known = set(short.findall((ROOT / "docs" / "stability.md").read_text(encoding="utf-8")))
    unknown = [
        f"{name_of(file)}: {cited}"
        for file in LIBRARY
        for cited in sorted(set(short.findall(file.read_text(encoding="utf-8"))) - known)
    ]
    assert not unknown, lines(unknown)


def test_the_map_of_the_house_names_what_is_there() -> None:
    """Each file that ARCHITECTURE.md names is one, by the end of its path."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_/]+\.py)`", text))
    there = [f"/{name_of(file)}" for file in EVERYTHING]
    assert named
    assert [name for name in named if not any(file.endswith(f"/{name}") for file in there)] == []


def test_links_between_pages_lead_somewhere() -> None:
    """Each relative link of a page leads to a file, and to a heading of it if it names one."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "proof").glob("*.md")]
    broken = [
        f"{name_of(page)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)\s]+)", page.read_text(encoding="utf-8"))
        if "://" not in target and not leads_somewhere(page, target)
    ]
    assert not broken, lines(broken)


def leads_somewhere(page: Path, target: str) -> bool:
    """Whether a relative link's file is there, and the heading that it names."""
    file, _, heading = target.partition("#")
    linked = page.parent / file if file else page
    return linked.exists() and (not heading or heading in headings(linked))


@cache
def headings(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    bare = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower() for title in titles]
    return {re.sub(r"[^\w\- ]", "", title).strip().replace(" ", "-") for title in bare}


def test_tests_say_what_they_show() -> None:
    """Each test has a docstring, and no test module imports another."""
    silent = [
        f"{name_of(file)}:{function.lineno} {function.name}"
        for file in python_files("tests")
        for function in functions_of(tree_of(file))
        if function.name.startswith("test_") and not ast.get_docstring(function)
    ]
    assert not silent, lines(silent)
    borrowed = [
        f"{name_of(file)}: {node.module}"
        for file in python_files("tests")
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.ImportFrom)
        and node.module
        and node.module.startswith("tests.")
        and ".test_" in node.module
    ]
    assert not borrowed, lines(borrowed)


def test_what_decides_is_tried_by_itself() -> None:
    """A module of these rooms has tests of its name, but for those that are listed."""
    untried = {
        file.stem
        for room in TRIED_ALONE
        for file in folder_of(room).glob("*.py")
        if file.stem != "__init__" and not (ROOT / "tests" / room / f"test_{file.name}").exists()
    }
    assert untried == TRIED_WITH_OTHERS


def folder_of(room: str) -> Path:
    """Where a room lies whose tests lie in the folder of its name."""
    package, _, inner = room.partition("/")
    name = f"estimates_{package}"
    return PACKAGES[name] / inner if name in PACKAGES else PACKAGES["estimates"] / room


ERRORS = {
    *("ConflictError", "CorruptError", "GateError", "InvalidError", "NotFoundError"),
    *("RefusedError", "UnavailableError"),
}
# What a check cannot compute is said by its result, which ends with the check's own line; faults of
# a contract say what is allowed at each line.
REMEDIES_ELSEWHERE = (
    "estimates/contract/contract_file.py",
    "estimates/gate/check_functions.py",
    "estimates/gate/checks/",
    "estimates/gate/custom_checks.py",
    "estimates/gate/domain_keys.py",
    "estimates/gate/evaluation_context.py",
    "estimates/gate/from_report.py",
)


def test_every_refusal_says_what_to_do() -> None:
    """An error has a `remedy`: which option to give, what to write or what to run, in a line; one
    that says more of another error hands on that one's.
    """
    silent: list[str] = []
    for file in python_files("api", "estimates", "jobs", "migrations"):
        if name_of(file).startswith(REMEDIES_ELSEWHERE):
            continue
        for node in ast.walk(tree_of(file)):
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS):
                continue
            remedies = [keyword for keyword in node.keywords if keyword.arg in ("remedy", None)]
            texts = [
                keyword.value for keyword in remedies if isinstance(keyword.value, ast.Constant)
            ]
            lines = all(str(text.value).strip() and "\n" not in str(text.value) for text in texts)
            if not remedies or not lines:
                silent.append(f"{name_of(file)}:{node.lineno}: {ast.unparse(node)[:60]}")
    assert silent == []
