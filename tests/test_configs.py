"""Every file below conf/ can be composed."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from conftest import ROOT
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.utils import get_method
from omegaconf import DictConfig, OmegaConf

CONF = ROOT / "conf"
FILES = sorted(CONF.rglob("*.yaml"))
ROOTS = [p.stem for p in FILES if p.parent == CONF]
OPTIONS = [p.relative_to(CONF).with_suffix("") for p in FILES if p.parent != CONF]


def composed(root: str, *overrides: str) -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(root, list(overrides), return_hydra_config=True)
    OmegaConf.set_readonly(config.hydra, False)
    config.hydra.runtime.output_dir = "outputs"
    HydraConfig.instance().set_config(config)
    return config


def targets(node: object) -> list[str]:
    """All _target_ below a node."""
    if isinstance(node, dict):
        return [v for k, v in node.items() if k == "_target_"] + [t for v in node.values() for t in targets(v)]
    return [t for v in node for t in targets(v)] if isinstance(node, list) else []


def plain(config: DictConfig) -> dict:
    own = OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])
    found = OmegaConf.to_container(own, resolve=True)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("root", ROOTS)
def test_roots(root):
    assert targets(plain(composed(root)))


@pytest.mark.parametrize("option", OPTIONS, ids=str)
def test_options(option: Path):
    group, name = option.parent.as_posix(), option.name
    roots = {"llm": ["infer", "studio", "train"], "score": ["infer", "studio"]}.get(group, ["train"])
    for root in roots:
        override = f"{group}=[{name}]" if group == "score" else f"{group}={name}"
        assert OverridesParser.create().parse_override(override).key_or_group == group
        if group == "experiment":
            override = f"+{override}" if "experiment" not in (CONF / "train.yaml").read_text() else override
        found = targets(plain(composed(root, override)))
        assert found, f"{option} builds nothing"
        for target in found:
            assert callable(get_method(target)) or isinstance(get_method(target), type)


def test_all_files_were_seen():
    on_disk = {p for p in CONF.rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    assert on_disk == set(FILES) and len(ROOTS) + len(OPTIONS) == len(on_disk)


def commands(text: str) -> list[list[str]]:
    """The arguments of each line that calls train.py or infer.py, without the words of a request."""
    lines = [line.strip().removeprefix("!") for line in text.replace("\\\n", " ").splitlines()]
    found = [shlex.split(line) for line in lines if line.startswith(("python train.py", "python infer.py"))]
    return [[word for word in words[1:] if not word.startswith("prompt=")] for words in found]


def test_notebook():
    """It has the form of nbformat 4.5, and each of its commands can be composed."""
    notebook = json.loads((ROOT / "notebooks/colab.ipynb").read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    found = [words for cell in code for words in commands("".join(cell["source"]))]
    assert [words[0] for words in found] == ["train.py", "train.py", "infer.py"]
    for script, *overrides in found:
        assert targets(plain(composed(script.removesuffix(".py"), *overrides)))
