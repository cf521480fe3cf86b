"""How much code there is: `python -m benchmarks.code_tokens [REVISION …]`, by default HEAD.

Counted are the tokens of Python's own tokenizer in `estimates`, `api` and `jobs`, without comments,
docstrings, line ends and indentation; beside the sum, those of import statements alone.
"""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tarfile
import tokenize
from typing import TypeGuard

FOLDERS = ("estimates", "api", "jobs")
LAYOUT = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT),
    *(tokenize.ENCODING, tokenize.ENDMARKER),
}
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def main(revisions: list[str]) -> None:
    """Print a line a revision."""
    for revision in revisions or ["HEAD"]:
        counts = [count_tokens(text) for text in sources(revision)]
        tokens, imports = (sum(column) for column in zip(*counts, strict=True))
        print(f"{revision}  {len(counts)} files  {tokens:,} tokens  {imports:,} of imports")


def sources(revision: str) -> list[str]:
    """The text of each Python file of a revision."""
    packed = subprocess.run(
        ["git", "archive", revision, *FOLDERS], check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        files = [archive.extractfile(file) for file in archive if file.name.endswith(".py")]
        return [file.read().decode() for file in files if file]


def count_tokens(text: str) -> tuple[int, int]:
    """The tokens of a file, and how many of them are of import statements."""
    tree = ast.parse(text)
    docs = {node.body[0].lineno for node in ast.walk(tree) if has_docstring(node)}
    imports = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    tokens = [
        token.start[0]
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in LAYOUT
        and not (token.type == tokenize.STRING and token.start[0] in docs)
    ]
    return len(tokens), sum(line in imports for line in tokens)


def has_docstring(node: ast.AST) -> TypeGuard[Documented]:
    """Whether a module, class or function begins with a docstring."""
    return isinstance(node, Documented) and ast.get_docstring(node, clean=False) is not None


if __name__ == "__main__":
    main(sys.argv[1:])
