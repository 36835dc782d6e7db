"""What the pages show is true: commands run, YAML checks, links lead somewhere, every block is of a known kind."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.docs.snippets import PAGES, ROOT, Snippet, snippets
from tests.examples import ads
from tests.flights import COMMAND
from tests.services.base import free_port

from lapwing.cli.main import main
from lapwing.model.load import check_files
from lapwing.model.positions import read
from lapwing.query.service import Lapwing

Run = Callable[[list[str]], None]
ENVIRON = {
    "CRM_DSN": "postgresql://reader@127.0.0.1:1/crm",
    "SHOP_DSN": "mysql://reader@127.0.0.1:1/shop",
    "EVENTS_DSN": "clickhouse://reader@127.0.0.1:1/events",
    "SMTP_PASSWORD": "secret",
    "SLACK_URL": "slack://a/b/c",
    "PAGERDUTY_URL": "pagerduty://a@b",
    "HOOK_SECRET": "secret",
}


@pytest.fixture(scope="module", name="folder")
def _folder(flights_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the reader has it: the examples, the tutorial's CSV, and a Parquet file of orders."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "examples").mkdir()
    shutil.copytree(flights_project, folder / "examples" / "flights")
    market = ads.copied(folder / "examples")
    ads.generate("--events", "20_000", "--days", "30", "--out", str(market / "data"))
    (csv,) = snippets("csv")
    (folder / "orders.csv").write_text(csv.text)
    with duckdb.connect() as con:
        con.execute(f"copy (from read_csv('{folder}/orders.csv')) to '{folder}/orders.parquet'")
    return folder


def inline(page: str) -> Snippet:
    """The commands that stand in sentences, in order."""
    text = (ROOT / page).read_text()
    commands = re.findall(r"`(lapwing [^`]+)`", text)
    return Snippet(page, 0, "sh", "\n".join(commands))


SHELL = [*snippets("sh"), inline("docs/tutorial.md")]


@pytest.mark.parametrize("snippet", SHELL, ids=str)
def test_commands_run(snippet: Snippet, folder: Path, here: Run) -> None:
    shutil.rmtree(folder / "shop", ignore_errors=True)
    for words in snippet.commands():
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE), words
        elif "serve" in words:
            serve(words[1:], folder)
        else:
            here(words)


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs a command as a reader does; one of Lapwing's in this process, which has loaded already what it needs."""

    def run(words: list[str]) -> None:
        into = None
        if ">" in words:
            words, into = words[: words.index(">")], words[words.index(">") + 1]
        capfd.readouterr()
        if words[0] == "lapwing":
            with monkeypatch.context() as patch:
                patch.chdir(folder)
                code = main(words[1:])
        else:
            assert words[0] == "python"
            code = subprocess.run([sys.executable, *words[1:]], cwd=folder, check=False).returncode
        said = capfd.readouterr()
        assert code == 0, f"{' '.join(words)}\n{said.err}"
        assert said.out.strip()
        if into:
            (folder / into).write_text(said.out)

    return run


def serve(arguments: list[str], folder: Path) -> None:
    command = [str(COMMAND), *arguments, "--port", str(free_port())]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout
        line = server.stdout.readline()
        server.terminate()
    assert command[-1] in line


@pytest.mark.parametrize("snippet", snippets("python"), ids=str)
def test_python_runs(snippet: Snippet, folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", snippet.text], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("snippet", snippets("yaml"), ids=str)
def test_yaml_is_right(snippet: Snippet, folder: Path, tmp_path: Path, here: Run) -> None:
    """Each block is laid over the project that the page is about, which then has to check."""
    (tmp_path / "block.yaml").write_text(snippet.text)
    written = yaml_of(tmp_path / "block.yaml")
    if snippet.page == "docs/tutorial.md":
        shutil.rmtree(folder / "shop", ignore_errors=True)
        here(["lapwing", "init", "shop", "--from", "orders.csv"])
        root, dataset = folder / "shop", "orders"
    else:
        root, dataset = tmp_path / "flights", "flights"
        shutil.copytree(folder / "examples" / "flights", root, ignore=shutil.ignore_patterns(".lapwing"))
    is_project = "name" in written
    file = root / ("lapwing.yaml" if is_project else f"datasets/{dataset}.yaml")
    file.write_text(json.dumps(laid_over(yaml_of(file), written)))
    project, problems = check_files(root, ENVIRON)
    assert problems == ()
    assert project is not None
    with Lapwing(project) as lapwing:
        unreachable = {"crm", "shop", "bq", "events"} & set(project.sources)
        assert [problem for problem in lapwing.check() if not unreachable & set(re.findall(r"\w+", str(problem)))] == []


def yaml_of(path: Path) -> dict[str, Any]:
    """As Lapwing reads it: in YAML 1.1 the key `on` would be true."""
    located, problems = read(path, path.name)
    assert located is not None
    assert not problems
    return dict(located.data)


def laid_over(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings are merged, except a store, whose keys depend on its type."""
    merged = [key for key, value in more.items() if isinstance(value, dict) and key in base and key != "store"]
    both = {key: {**base[key], **more[key]} for key in merged}
    return {**base, **more, **both}


def test_every_block_is_of_a_known_kind() -> None:
    known = snippets("sh", "yaml", "csv", "json", "text", "python")
    for page in PAGES:
        blocks = page.read_text().count("```") // 2
        assert blocks == len([one for one in known if one.page == page.relative_to(ROOT).as_posix()]), page
    for snippet in snippets("json"):
        assert json.loads(snippet.text)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []
