"""The nets and their pictures: shapes, learning, checkpoints, resuming, and what ships."""

from __future__ import annotations

import json
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image

import train
from diagen import DiagenError
from diagen.data.images import (
    NUM_LOOKS,
    SIDE,
    VARIANTS,
    DiagramData,
    Drawings,
    ReadabilityData,
    Styled,
    looks_drawn,
    picture,
    pixels,
    renderer_hash,
)
from diagen.data.images import TERMS as PICTURE_TERMS
from diagen.diagram import parse
from diagen.models.autoencoder import ConvAutoEncoder
from diagen.models.cnn import ReadabilityCNN, within_request
from diagen.models.nets import SHIPPED, load_net, save_net
from diagen.render import PillowRenderer, damage, layout, png
from diagen.render.readability import readability
from diagen.render.where import MAPS, maps
from diagen.score import Candidate, Readability

TEXT = (
    "Logs [data] -> Clean -> Split | Archive [store]\nSplit -> Train [model] -> Evaluate : scores\nEvaluate ..> Clean\n"
)


def test_pixels_keep_the_whole_picture_in_the_middle() -> None:
    wide = Image.new("RGB", (400, 100), "#102030")
    wide.paste("#FFFFFF", (0, 40, 400, 60))
    found = pixels(wide, 64)
    assert found.shape == (3, 64, 64) and found.dtype == torch.uint8
    assert found[:, 0, 0].tolist() == [0x10, 0x20, 0x30] and found[0, 32].min() == 255
    clear = Image.new("RGBA", (50, 50), (0, 0, 0, 0))
    assert pixels(clear, 32).min() == 255  # nothing on white


def test_a_file_and_the_image_in_memory_are_the_same(tmp_path: Path) -> None:
    image = PillowRenderer()(layout(parse(TEXT)))
    (tmp_path / "a.png").write_bytes(png(image))
    assert torch.equal(pixels(image), pixels(Image.open(tmp_path / "a.png")))
    # The small drawing that nets learn from is close to the large one.
    small = picture(layout(parse(TEXT))).float()
    assert (small - pixels(image).float()).abs().mean() < 4


def test_photographs_are_told_from_drawings() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8))
    assert not looks_drawn(noise.resize((600, 600), Image.Resampling.BICUBIC))
    assert not looks_drawn(Image.new("RGB", (600, 400), "white"))  # an empty page
    for theme in ("paper", "night", "slide"):
        assert looks_drawn(PillowRenderer()(layout(parse(TEXT), theme=theme)))


@pytest.mark.parametrize("kind", damage.DAMAGES, ids=lambda f: f.__name__)
def test_every_damage_lowers_readability(kind) -> None:
    scene = layout(parse(TEXT))
    worse = [readability(kind(scene, random.Random(seed)))[0] for seed in range(6)]
    assert sum(worse) / len(worse) < readability(scene)[0] - 0.15 and max(worse) <= readability(scene)[0] + 0.05


def test_drawings_repeat_themselves_and_say_what_they_are() -> None:
    make = Drawings("held_out", 2, 64)
    rows = [make(i) for i in range(2 * VARIANTS)]
    again = make(3)
    assert all(np.array_equal(rows[3][name], again[name]) for name in again)
    assert [bool(r["good"]) for r in rows] == [k < 2 for k in range(VARIANTS)] * 2
    assert [int(r["request"]) for r in rows] == [0] * VARIANTS + [1] * VARIANTS
    assert rows[0]["picture"].shape == (3, 64, 64) and rows[0]["terms"].shape == (len(PICTURE_TERMS),)
    assert all(0 <= r["total"] <= 5 for r in rows)
    assert max(r["total"] for r in rows[3:6]) < rows[0]["total"] + 1e-6
    styled = Styled("held_out", 2, 3, 64)(4)
    assert styled["picture"].shape == (3, 64, 64) and int(styled["request"]) == 1 and styled["words"].shape == (5,)
    assert styled["looks"].shape == (NUM_LOOKS,) and np.abs(styled["looks"]).max() < 4


def test_pictures_are_kept_and_a_broken_file_is_made_anew(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path)
    data = DiagramData(2, 1, styles=2, side=32, batch_size=2, num_workers=0)
    first = next(iter(data.val_dataloader()))
    kept = sorted(tmp_path.rglob("*.npz"))
    assert len(kept) == 2
    whole = kept[0].read_bytes()
    middle = len(whole) // 2
    for broken in (b"broken", whole[:middle], whole[:middle] + bytes(40) + whole[middle + 40 :], b""):
        kept[0].write_bytes(broken)
        assert torch.equal(next(iter(data.val_dataloader()))["picture"], first["picture"])


def test_maps_show_where_a_drawing_goes_wrong() -> None:
    good = layout(parse("load the raw tables -> clean the raw tables -> train the first model -> score it -> ship it"))
    found = dict(zip(MAPS, maps(good, 28), strict=True))
    assert found["nodes"].sum() > 20 and found["words"].any() and found["lines"].any()
    assert not any(found[name].any() for name in MAPS[3:] if name != "small")
    scenes = {
        "overlap": damage.overlap(good, random.Random(2)),
        "words struck": damage.large_type(good, random.Random(1)),
        "pale": damage.pale(good, random.Random(1)),
        "crossings": damage.clutter(good, random.Random(1)),
        "cut off": damage.off_canvas(good, random.Random(1)),
        "small": damage.small_type(good, random.Random(1)),
    }
    for name, scene in scenes.items():
        assert maps(scene, 28)[MAPS.index(name)].sum() > found[name].sum() + 0.5, name
    one, two = (s for s in good.shapes if s.role == "box" and s.owner in (("node", 0), ("node", 1)))
    over = replace(good, shapes=tuple(replace(s, x=one.x, y=one.y) if s is two else s for s in good.shapes))
    where = maps(over, 28)[MAPS.index("overlap")]
    cell, offset = max(good.width, good.height) / 28, (max(good.width, good.height) - good.height) / 2
    assert where.sum() * cell**2 == pytest.approx(one.w * one.h, rel=0.01)  # all of the box, and nothing else
    assert where[int((one.y + one.h / 2 + offset) / cell), int((one.x + one.w / 2) / cell)] == 1


def test_folds_share_no_diagram_and_leave_none_out(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path)
    seen: list[int] = []
    for fold in range(3):
        data = ReadabilityData(6, 1, side=32, num_workers=0, fold=fold, folds=3)
        train, mine = ({i // VARIANTS for i in part.indices} for part in (data.train, data.held_out))
        assert not train & mine and len(train) == 4 and len(data.held_out) == 2 * VARIANTS
        seen += mine
    assert sorted(seen) == list(range(6))
    with pytest.raises(DiagenError, match=r"data\.fold=3 is none of the 3 folds"):
        ReadabilityData(6, 1, side=32, num_workers=0, fold=3, folds=3)


def test_several_nets_vote(tmp_path) -> None:
    folders = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        net = ReadabilityCNN(width=4).eval()
        net(batch()["picture"])
        save_net(net, tmp_path / str(seed), {"seed": seed})
        folders.append(str(tmp_path / str(seed)))

    def scores(weights) -> tuple[float, dict[str, float]]:
        candidate = Candidate(parse(TEXT))
        Readability(weights, computed=0)([candidate])
        return candidate.readability, candidate.aspects

    (one, some), (two, others), (both, mean) = scores(folders[0]), scores(folders[1]), scores(folders)
    assert one != two and both == pytest.approx((one + two) / 2, abs=1e-4)
    assert all(mean[name] == pytest.approx((some[name] + others[name]) / 2, abs=1e-4) for name in mean)
    with pytest.raises(DiagenError, match="names no net"):
        Readability([])


def batch(size: int = 8, side: int = 64) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {
        "picture": torch.randint(0, 256, (size, 3, side, side), dtype=torch.uint8),
        "total": torch.linspace(0, 5, size),
        "terms": torch.rand(size, len(PICTURE_TERMS)),
        "maps": torch.randint(0, 256, (size, len(MAPS), side // 8, side // 8), dtype=torch.uint8),
        "request": torch.zeros(size, dtype=torch.long),
        "looks": torch.rand(size, NUM_LOOKS),
    }


@pytest.mark.parametrize("kind", [ReadabilityCNN, ConvAutoEncoder])
def test_loss_falls_on_one_batch_and_every_weight_moves(kind, monkeypatch) -> None:
    torch.manual_seed(0)
    net = kind(width=8) if kind is ReadabilityCNN else kind(width=8, side=64, latent=16)
    monkeypatch.setattr(net, "log", lambda *a, **k: None)
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3)
    losses = []
    for _ in range(30):
        loss = net._step(batch(), "val")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]
    assert all(not torch.equal(before[name], p) for name, p in net.named_parameters())


def test_order_is_judged_within_requests_only() -> None:
    said = torch.tensor([1.0, 2, 3, 30, 20, 10])
    true = torch.tensor([1.0, 2, 3, 1, 2, 3])
    request = torch.tensor([0, 0, 0, 1, 1, 1])
    assert within_request(said, true, request) == (pytest.approx(0), pytest.approx(0.5))
    assert within_request(said[:3], true[:3], request[:3]) == (pytest.approx(1), pytest.approx(1))
    assert within_request(torch.zeros(3), true[:3], request[:3]) == (0.0, 0.5)


def test_a_net_is_saved_and_refused_where_it_is_none(tmp_path) -> None:
    net = ReadabilityCNN(width=4).eval()
    save_net(net, tmp_path / "net", {"seed": 3})
    again, digest = load_net(ReadabilityCNN, str(tmp_path / "net"), "")
    pictures = batch()["picture"]
    assert torch.allclose(net(pictures)[0], again(pictures)[0], atol=0.02) and len(digest) == 16
    with pytest.raises(DiagenError, match="no ConvAutoEncoder"):
        load_net(ConvAutoEncoder, str(tmp_path / "net"), "")
    with pytest.raises(DiagenError, match="missing"):
        load_net(ReadabilityCNN, str(tmp_path / "nowhere"), "")
    (tmp_path / "net/net.safetensors").write_bytes(b"\x80\x04cos\nsystem\n")  # a pickle is never read
    with pytest.raises(DiagenError, match="cannot be read"):
        load_net(ReadabilityCNN, str(tmp_path / "net"), "")


@pytest.mark.parametrize("kind, name", [(ReadabilityCNN, "readability_cnn"), (ConvAutoEncoder, "autoencoder")])
def test_shipped_nets(kind, name) -> None:
    net, _ = load_net(kind, None, name)
    folder = SHIPPED / name
    assert sum(p.stat().st_size for p in folder.iterdir()) < 10_000_000
    card = json.loads((folder / "diagen.json").read_text(encoding="utf-8"))
    assert card["renderer"] == renderer_hash(), f"retrain: {card['command']}"
    assert (folder / "README.md").is_file()
    with torch.inference_mode():
        if kind is ReadabilityCNN:
            good = layout(parse(TEXT))
            bad = damage.tangle(damage.small_type(good, random.Random(1)), random.Random(1))
            totals, terms = net(torch.stack([picture(good, SIDE), picture(bad, SIDE)]))
            assert totals[0] > totals[1] + 0.5 and terms.shape == (2, len(PICTURE_TERMS))
        else:
            side = net.hparams["side"]
            one, same, other = (
                net.encode(picture(layout(parse(TEXT), theme=theme), side)[None])
                for theme in ("paper", "paper", "night")
            )
            assert torch.equal(one, same) and (one - other).norm() > 0.1


TRAIN = [sys.executable, str(ROOT / "train.py"), "model=cnn", "model.width=4", "data.side=32", "data.num_requests=8"]
TRAIN += ["data.num_held_out=3", "data.batch_size=8", "data.num_workers=0", "trainer.max_epochs=4"]
TRAIN += ["+trainer.enable_progress_bar=false", "wandb.mode=disabled"]


def figures(folder: Path) -> dict[str, float]:
    return json.loads((folder / "net/diagen.json").read_text(encoding="utf-8"))["figures"]


def test_a_killed_run_goes_on_as_if_nothing_had_been(tmp_path) -> None:
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    whole = subprocess.run([*TRAIN, f"hydra.run.dir={tmp_path}/a"], env=environment, capture_output=True, text=True)
    assert whole.returncode == 0, whole.stderr[-2000:]
    assert "net: " in whole.stdout.splitlines()[-1]
    command = [*TRAIN, f"hydra.run.dir={tmp_path}/b"]
    killed = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (tmp_path / "b/last.ckpt").is_file() and time.monotonic() < deadline and killed.poll() is None:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not (tmp_path / "b/net").exists()
    more = subprocess.run(
        [*TRAIN, f"resume={tmp_path}/b"], env=environment, capture_output=True, text=True, cwd=tmp_path
    )
    assert more.returncode == 0, more.stderr[-2000:]
    states = [torch.load(tmp_path / run / "last.ckpt", weights_only=True) for run in ("a", "b")]
    assert [s["global_step"] for s in states] == [24, 24]
    one, two = (s["state_dict"] for s in states)
    assert all((one[name].float() - two[name].float()).abs().max() < 1e-4 for name in one)
    one, two = figures(tmp_path / "a"), figures(tmp_path / "b")
    assert one.keys() == two.keys() and all(abs(one[k] - two[k]) <= 1e-4 for k in one), (one, two)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", pickle.dumps({"state_dict": print})])
def test_a_damaged_checkpoint_is_not_resumed(tmp_path, content) -> None:
    (tmp_path / "last.ckpt").write_bytes(content)
    with pytest.raises(DiagenError, match="last.ckpt cannot be resumed: "):
        train.readable(tmp_path / "last.ckpt")


def test_a_folder_without_a_checkpoint_is_not_resumed(tmp_path) -> None:
    done = subprocess.run([*TRAIN, f"resume={tmp_path}"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1 and "holds no last.ckpt" in done.stderr and "Traceback" not in done.stderr
