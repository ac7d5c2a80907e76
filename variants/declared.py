"""A component's options read off its source, so that listing them imports neither it nor torch.

For show only: what a value is checked against is the signature itself (`variants.registry`).
"""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

from variants.registry import Component


def declared_options(component: Component) -> list[str]:
    """Return the options as they are declared, e.g. `["alpha: int = 2"]`.

    A name that stands for a constant of the module is shown as its value. A component whose source
    is not at hand, or whose constructor is not written out in it, gives `["..."]`.
    """
    module, _, class_name = component.target.partition(":")
    path = _source_file(module)
    if path is None:
        return ["..."]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    init = _constructor(tree, class_name)
    if init is None:
        return ["..."]
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    pairs = zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)
    return [_show(argument, default, constants) for argument, default in pairs]


def _source_file(module: str) -> Path | None:
    """Return the source of a module; only its top-level package is looked up, and not run."""
    top, *rest = module.split(".")
    found = find_spec(top)
    if found is None:
        return None
    if not rest:
        return Path(found.origin) if found.origin else None
    for folder in found.submodule_search_locations or ():
        stem = Path(folder, *rest)
        for path in (stem.with_suffix(".py"), stem / "__init__.py"):
            if path.is_file():
                return path
    return None


def _constructor(tree: ast.Module, class_name: str) -> ast.FunctionDef | None:
    """Return the `__init__` of a class, or of the nearest base in the same module."""
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    seen = set()
    while class_name in classes and class_name not in seen:
        seen.add(class_name)
        for node in classes[class_name].body:
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                return node
        bases = [base.id for base in classes[class_name].bases if isinstance(base, ast.Name)]
        class_name = bases[0] if bases else ""
    return None


def _show(argument: ast.arg, default: ast.expr | None, constants: dict[str, ast.expr]) -> str:
    kind = f": {ast.unparse(argument.annotation)}" if argument.annotation else ""
    if isinstance(default, ast.Name):
        default = constants.get(default.id, default)
    value = f" = {ast.unparse(default)}" if default is not None else ""
    return f"{argument.arg}{kind}{value}"
