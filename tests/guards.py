"""Takes away each guard of some modules, one at a time, and tells of which no test of theirs takes notice.

    python -m tests.guards src/lapwing/sql/reduce/edges.py -- tests/sql/reduce/test_edges.py
    python -m tests.guards src/lapwing/sql/reduce/edges.py:71,88 -- tests/sql    # of these lines alone

A guard is a condition in a function, or one term of it: an `if` that leaves is never met, other ones always or never, and of
several terms one is left out. Tests run in one process until the first fails, the last to notice something first.
"""

from __future__ import annotations

import argparse
import ast
import copy
import gc
import importlib
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType

import pytest
from _pytest.runner import runtestprotocol

SECONDS = 60
"""A test that takes longer has noticed."""
_LEAVES = (ast.Raise, ast.Return, ast.Continue, ast.Break)
_EXPRESSIONS = (ast.If, ast.IfExp, ast.While)


@dataclass(frozen=True)
class Mutant:
    """A module's tree without one guard; `told` says which, and what stands for it."""

    path: Path
    line: int
    told: str
    tree: ast.Module


def mutants(named: str) -> Iterator[Mutant]:
    """Each guard of a module's functions taken away; of some lines, where the path has their numbers behind a colon."""
    place, _, lines = named.partition(":")
    wanted = {int(one) for one in lines.split(",") if one}
    yield from (one for one in _mutants(Path(place)) if not wanted or one.line in wanted)


def _mutants(path: Path) -> Iterator[Mutant]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    for at, node in enumerate(nodes):
        for field, place, instead in _replaced(node):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[at]
            old = getattr(target, field)
            before = old if place is None else old[place]
            new = [*old[:place], *([instead] if instead else []), *old[place + 1 :]] if place is not None else instead
            if isinstance(target, ast.BoolOp) and isinstance(new, list) and len(new) == 1:
                new = [new[0], ast.Constant(isinstance(target.op, ast.And))][:: 1 if place else -1]
            setattr(target, field, new)
            shown = "left out" if instead is None else ast.unparse(instead)
            yield Mutant(path, before.lineno, f"{ast.unparse(before)} -> {shown}", ast.fix_missing_locations(changed))


def _replaced(node: ast.AST) -> Iterator[tuple[str, int | None, ast.Constant | None]]:
    """What of a node is a guard: the field it is in, its place there, and what stands for it (None: nothing)."""
    if isinstance(node, ast.BoolOp):
        yield from (("values", place, None) for place in range(len(node.values)))
    elif isinstance(node, _EXPRESSIONS) and not isinstance(node.test, ast.BoolOp) and not _of_types(node):
        guard = isinstance(node, ast.If) and isinstance(node.body[-1], _LEAVES) and not node.orelse
        if not (isinstance(node, ast.While) and isinstance(node.test, ast.Constant)):
            yield "test", None, ast.Constant(False)
            if not guard and not isinstance(node, ast.While):
                yield "test", None, ast.Constant(True)
    elif isinstance(node, ast.comprehension):
        yield from (("ifs", place, None) for place, one in enumerate(node.ifs) if not isinstance(one, ast.BoolOp))


def _of_types(node: ast.If | ast.IfExp | ast.While) -> bool:
    return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def codes(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from codes(one)


def functions(module: ModuleType) -> dict[str, FunctionType]:
    """Those of a module and of its classes, by their qualified names."""
    found: dict[str, FunctionType] = {}

    def take(holder: object) -> None:
        for value in vars(holder).values():
            one = (
                getattr(value, "fget", None) or getattr(value, "__wrapped__", None) or getattr(value, "__func__", value)
            )
            if isinstance(one, FunctionType) and one.__module__ == module.__name__:
                found[one.__code__.co_qualname] = one
            elif isinstance(one, type) and one.__module__ == module.__name__ and one is not holder:
                take(one)

    take(module)
    return found


class Loop:
    """pytest's loop over tests, once for each mutant."""

    def __init__(self, paths: list[str]) -> None:
        self._mutants = [one for path in paths for one in mutants(path)]
        self.left: list[Mutant] = []

    @pytest.hookimpl
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = list(session.items)
        assert self._first_failing(items) is None, "the tests fail with every guard in its place"
        started = time.monotonic()
        for number, mutant in enumerate(self._mutants, 1):
            name = ".".join(mutant.path.with_suffix("").parts[1:])
            live = functions(importlib.import_module(name))
            changed = {one.co_qualname: one for one in codes(compile(mutant.tree, str(mutant.path), "exec"))}
            before = {key: one.__code__ for key, one in live.items()}
            for key, function in live.items():
                function.__code__ = changed.get(key, before[key])
            _forget()
            noticed = self._first_failing(items)
            for key, function in live.items():
                function.__code__ = before[key]
            if noticed is not None and self._fails(noticed, other := items[items[0] is noticed]):
                # What the mutant did outlives it, and would let every other one seem noticed.
                session._setupstate.teardown_exact(None)
                _forget()
                assert not self._fails(noticed, other), f"{noticed.nodeid} fails with every guard in its place"
            if noticed is None:
                self.left.append(mutant)
                _tell(f"{mutant.path}:{mutant.line}: {mutant.told}")
            else:
                items.remove(noticed)
                items.insert(0, noticed)
            if number % 25 == 0:
                _tell(f"  {number} of {len(self._mutants)} after {time.monotonic() - started:.0f} s")
        _forget()
        _tell(f"{len(self._mutants)} taken away, {len(self._mutants) - len(self.left)} noticed")
        session._setupstate.teardown_exact(None)
        return True

    def _first_failing(self, items: list[pytest.Item]) -> pytest.Item | None:
        pairs = zip(items, [*items[1:], items[0]], strict=True)
        return next((item for item, following in pairs if self._fails(item, following)), None)

    def _fails(self, item: pytest.Item, following: pytest.Item) -> bool:
        """`following` is another one: pytest leaves a test that comes again as it is."""
        signal.alarm(SECONDS)
        try:
            return any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))
        except TimeoutError:
            return True
        finally:
            signal.alarm(0)


def _forget() -> None:
    """What services know of statements would tell of the mutant before."""
    from lapwing.sql.plans import Plans
    from lapwing.sql.reduce.seen import Seen
    from lapwing.sql.service import SqlService

    for one in gc.get_objects():
        if isinstance(one, Plans):
            one._known.clear()
        elif isinstance(one, Seen):
            one._rows.clear()
        elif isinstance(one, SqlService):
            one._given_up.clear()


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _late(number: int, frame: FrameType | None) -> None:
    raise TimeoutError


def main() -> None:
    split = sys.argv.index("--")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="+")
    paths = parser.parse_args(sys.argv[1:split]).modules
    signal.signal(signal.SIGALRM, _late)
    pytest.main(
        ["-q", "-m", "not long", "-p", "no:cacheprovider", "--durations=0", *sys.argv[split + 1 :]], [Loop(paths)]
    )


if __name__ == "__main__":
    main()
