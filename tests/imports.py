"""What a module imports, and what those import in turn, read from the source: nothing is run."""

import ast
from collections.abc import Iterator
from pathlib import Path


def reached(module: str, root: Path) -> dict[str, str]:
    """Every module that is imported on the way from `module`, and which one does it first.

    The way goes on inside the package only: what is of somebody else is named, not read."""
    found: dict[str, str] = {}
    open_ends = [module]
    while open_ends:
        here = open_ends.pop()
        for name in _imported(here, root):
            if name not in found:
                found[name] = here
                if name.split(".")[0] == module.split(".")[0]:
                    open_ends.append(name)
    return found


def _imported(module: str, root: Path) -> Iterator[str]:
    """In any place: at the top, in a function, for the type checker only. A module imports its packages, too."""
    yield from _packages(module)
    file = _file(module, root)
    if file is None:
        raise ModuleNotFoundError(module)
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*up, *filter(None, [node.module])])
            yield base
            inside = (f"{base}.{alias.name}" for alias in node.names)
            yield from (name for name in inside if _file(name, root) is not None)


def _packages(module: str) -> list[str]:
    words = module.split(".")
    return [".".join(words[:n]) for n in range(1, len(words))]


def _file(module: str, root: Path) -> Path | None:
    path = root.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)
