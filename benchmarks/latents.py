"""Whether the auto-encoder's latent is good for neighbours.

    python -m benchmarks.latents [--net outputs/autoencoder/.../net] [--number 200]

Held-out diagrams, each in several styles. Of the five nearest neighbours of a drawing: how many show the same diagram,
the same theme, the same style words, and how much nearer than chance they are in direction, fullness and type size;
beside raw pixels, PCA of the same size, and the CNN's penultimate layer. Prints the time per look-up among all.
"""

from __future__ import annotations

import argparse
import time
from functools import cache

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from diagen.data.images import SIDE, Styled, picture
from diagen.diagram import parse
from diagen.models.autoencoder import ConvAutoEncoder
from diagen.models.cnn import ReadabilityCNN
from diagen.models.nets import load_net
from diagen.render import layout
from diagen.score import appearance, candidate_of

STYLES = 6


@cache
def shipped() -> ConvAutoEncoder:
    return load_net(ConvAutoEncoder, None, "autoencoder")[0]


def latent_of(text: str) -> np.ndarray:
    """(d,) what Taste sees of a drawing: python -m benchmarks.readers --latents benchmarks.latents:latent_of"""
    return appearance(shipped(), [candidate_of(text, {})])[0]


def told_of(text: str) -> np.ndarray:
    """(d,) the same from the picture alone: --latents benchmarks.latents:told_of"""
    net = shipped()
    with torch.inference_mode():
        return net.appearance(picture(layout(parse(text)), net.hparams["side"])[None])[0].numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--net")
    parser.add_argument("--number", type=int, default=200, help="of diagrams")
    args = parser.parse_args()
    net, _ = load_net(ConvAutoEncoder, args.net, "autoencoder")
    cnn, _ = load_net(ReadabilityCNN, None, "readability_cnn")
    side = net.hparams["side"]
    made = [Styled("held_out", args.number, STYLES, side)(i) for i in range(args.number * STYLES)]
    large = [Styled("held_out", args.number, STYLES, SIDE)(i)["picture"] for i in range(args.number * STYLES)]
    pictures = torch.from_numpy(np.stack([m["picture"] for m in made]))
    with torch.inference_mode():
        latents = torch.cat([net.encode(p) for p in pictures.split(64)]).numpy()
        deep = torch.cat([cnn.features(p) for p in torch.from_numpy(np.stack(large)).split(64)]).numpy()
    raw = pictures.flatten(1).numpy().astype(np.float32) / 255
    learnt = np.stack([Styled("train", args.number, 2, side)(i)["picture"] for i in range(args.number * 2)])
    pca = PCA(latents.shape[1], svd_solver="randomized", random_state=0)
    pca.fit(learnt.reshape(len(learnt), -1).astype(np.float32) / 255)
    seen = latents[:, : net.num_looks]
    spaces = {"auto-encoder": latents, "its looks, for taste": seen, "raw pixels": raw}
    spaces |= {"PCA": pca.transform(raw), "CNN, penultimate": deep}
    request = np.array([int(m["request"]) for m in made])
    words = np.stack([m["words"] for m in made])
    looks = np.stack([m["looks"] for m in made])
    theme = np.maximum(words[:, 0], 1)  # none is paper
    print(f"{'':21} numbers  same diagram  same theme  same words  unlike looks  ms a look-up")
    chance = np.random.default_rng(0).integers(0, len(made), (len(made), 5))
    for name, space in ({"chance": None} | spaces).items():
        if space is None:
            near, spent = chance, 0.0
        else:
            index = NearestNeighbors(n_neighbors=6).fit(space)
            near = index.kneighbors(space)[1][:, 1:]
            start = time.perf_counter()
            for row in space[:50]:
                index.kneighbors(row[None])
            spent = (time.perf_counter() - start) / 50
        same = [(column[near] == column[:, None]).mean() for column in (request, theme)]
        same.append((words[near] == words[:, None]).mean())
        spread = looks[:, 5:13].std(0)
        unlike = (np.abs(looks[near][..., 5:13] - looks[:, None, 5:13]) / np.where(spread > 0, spread, 1)).mean()
        size = 0 if space is None else space.shape[1]
        print(f"{name:21} {size:7} {same[0]:13.3f} {same[1]:11.3f} {same[2]:11.3f} {unlike:13.3f} {1000 * spent:13.2f}")


if __name__ == "__main__":
    main()
