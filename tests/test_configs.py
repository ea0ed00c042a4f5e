"""Every file below conf/ can be composed."""

from __future__ import annotations

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
    roots = {"llm": ["infer", "train"], "score": ["infer"]}.get(group, ["train"])
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
