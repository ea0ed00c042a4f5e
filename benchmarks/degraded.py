"""The CNN against the computed readability on held-out diagrams: damaged drawings beside good ones of the same diagram.

    python -m benchmarks.degraded [--net outputs/cnn/.../net] [--number 200]

Prints Spearman's correlation within a diagram and the share of right pairs that are more than 0.25 apart, over all
its drawings and without the bare one; the share of pairs of a good and a damaged drawing that are in order; errors; and
how far a score moves between the small drawing that nets learn from and the reduced PNG that infer.py scores.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

from diagen.data.images import BARE, SIDE, VARIANTS, Drawings, picture, pixels, texts
from diagen.diagram import parse
from diagen.models.cnn import ReadabilityCNN, within_request
from diagen.models.nets import load_net
from diagen.render import PillowRenderer, layout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--net")
    parser.add_argument("--number", type=int, default=200, help="of diagrams")
    args = parser.parse_args()
    net, _ = load_net(ReadabilityCNN, args.net, "readability_cnn")
    make = Drawings("held_out", args.number, SIDE)
    rows = [make(i) for i in range(args.number * VARIANTS)]
    pictures = torch.stack([torch.from_numpy(r["picture"]) for r in rows])
    with torch.inference_mode():
        said = torch.cat([net(some)[0] for some in pictures.split(64)])
        start = time.perf_counter()
        net(pictures[:8])
        eight = time.perf_counter() - start
    true = torch.tensor([float(r["total"]) for r in rows])
    request = torch.tensor([int(r["request"]) for r in rows])
    good = torch.tensor([bool(r["good"]) for r in rows])
    bare = torch.arange(len(rows)) % VARIANTS >= BARE
    for name, some in (("all drawings", torch.ones_like(bare)), ("without the bare ones", ~bare)):
        order, pairs = within_request(said[some], true[some], request[some])
        print(f"{name:24} Spearman {order:.3f}  pairs {pairs:.3f}  MAE {(said - true)[some].abs().mean():.3f}")
    right = number = 0
    for r in request.unique():
        some = request == r
        better, worse = said[some & good], said[some & ~good & ~bare]
        apart = true[some & good][:, None] - true[some & ~good & ~bare][None] > 0.25
        right += int((better[:, None] > worse[None])[apart].sum())
        number += int(apart.sum())
    print(f"a good above a damaged drawing: {right / number:.3f} of {number} pairs")
    moved = []
    for text in texts("held_out", 60):
        scene = layout(parse(text))
        with torch.inference_mode():
            small, large = net(torch.stack([picture(scene), pixels(PillowRenderer()(scene))]))[0].tolist()
        moved.append(abs(small - large))
    print(f"from the small drawing to the PNG: {statistics.mean(moved):.3f} on the mean; eight scores {eight:.2f} s")


if __name__ == "__main__":
    main()
