"""What the documents say is so: the examples of README.md and docs/training.md run as shown, the README's commands are
the ones CI runs, links lead somewhere, and the map names every file.
"""

import doctest
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
TRAINING = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
FOLDERS = ("csrc", "fastnn", "tests", "bench", "examples")
COMMANDS = {
    "quickstart": "python -m pip install '.[sklearn,plot]' && python examples/quickstart.py",
    "tests": "python -m pip install -e '.[test]' && python -m pytest",
}


def test_each_face_has_an_example():
    assert any("fastnn.Sequential(" in block for block in BLOCKS)
    assert any("MLPClassifier(" in block for block in BLOCKS)


@pytest.mark.parametrize("block", BLOCKS, ids=[f"block {number}" for number in range(1, len(BLOCKS) + 1)])
def test_examples_run_as_shown(block):
    if "sklearn" in block and importlib.util.find_spec("sklearn") is None:
        pytest.skip("needs scikit-learn")
    example = doctest.DocTestParser().get_doctest(block, {}, "README.md", "README.md", 0)
    assert example.examples, "an example without output shown"
    said = []
    result = doctest.DocTestRunner().run(example, out=said.append)
    assert not result.failed, "".join(said)


def test_training_runs_as_shown():
    """docs/training.md as one text, whose blocks go on with each other's names."""
    pytest.importorskip("sklearn")
    text = "".join(re.findall(r"^```python\n(.*?)^```$", TRAINING, re.MULTILINE | re.DOTALL))
    example = doctest.DocTestParser().get_doctest(text, {}, "training.md", "docs/training.md", 0)
    assert len(example.examples) > 20
    said = []
    result = doctest.DocTestRunner().run(example, out=said.append)
    assert not result.failed, "".join(said)


@pytest.mark.parametrize("name", COMMANDS)
def test_marked_commands(name):
    blocks = re.findall(rf"^<!-- {name} -->\n```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert blocks == [COMMANDS[name] + "\n"]


def test_ci_runs_the_marked_command():
    script = ROOT / ".ci" / "run"
    if not script.exists():
        pytest.skip("a source distribution has no .ci")
    assert "<!-- tests -->" in script.read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    path = ROOT / document
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (path.parent / link).exists()]
    assert not missing


def test_the_map_names_every_file():
    text = (ROOT / "DESIGN.md").read_text(encoding="utf-8")
    folders = {
        "csrc": ("*.c", "*.h", "*.py"),
        "fastnn": ("*.py", "*.pyx", "*.h"),
        "bench": ("*.py", "*.ini"),
        "examples": ("*.py",),
    }
    files = {
        path.name
        for folder, kinds in folders.items()
        for kind in kinds
        for path in (ROOT / folder).rglob(kind)
        if path.name != "__init__.py" and "__pycache__" not in path.parts
    }
    assert files
    assert not files - set(re.findall(r"[\w.]+\w", text)), "files that DESIGN.md does not name"


def test_the_map_names_nothing_else():
    rooms = (ROOT / "DESIGN.md").read_text(encoding="utf-8").split("\n## Rooms\n")[1].split("\n## ")[0]
    blocks = "".join(re.findall(r"^```\n(.*?)^```$", rooms, re.MULTILINE | re.DOTALL))
    named = set(re.findall(r"(?<![\w>.])\w+(?:\.inc)?\.(?:pyx|pxd|py|c|h)\b", blocks))
    assert named
    there = {path.name for path in [*ROOT.glob("*"), *(p for name in FOLDERS for p in (ROOT / name).rglob("*"))]}
    assert not named - there, "names in DESIGN.md without a file"
