"""Korean requests for layered networks, by rule: the layers come from networks.py, the words from here."""

from __future__ import annotations

import random

from diagen.data.networks import (
    Layer,
    classes,
    conv_stack,
    head_layers,
    image,
    kernel,
    output,
    units,
)

_COUNTS = {2: "두", 3: "세", 4: "네", 5: "다섯", 6: "여섯"}
_LEADS = (
    "",
    "",
    "",
    "신경망 그려줘. ",
    "CNN 구조 그려줘: ",
    "아래 모델을 그려 주세요.\n",
    "모델 구조: ",
    "발표 자료용으로 그려줘: ",
    "논문에 들어갈 그림이에요. ",
    "네트워크 다이어그램 부탁드립니다. ",
    "구조도를 만들어 주세요. ",
    "과제에 쓸 그림: ",
)
_ENDS = ("", "", "", " 그려줘", " 그려 주세요", " 구조로 부탁해요", " 이렇게요", " 형태의 네트워크", " 모델을 그림으로")


def korean_network(r: random.Random) -> tuple[str, str]:
    """A random Korean request and its diagram, both about a layered network."""
    convolutional = r.random() < 0.45
    parts = _convolutional(r) if convolutional else _dense(r)
    lines = [line for _, some in parts for line in some]
    texts = [text for text, _ in parts]
    form = r.random()
    if form < 0.17:
        mark = r.choice(("- ", "* ", "• ", ""))
        body = "\n".join((f"{i}. " if not mark else mark) + text for i, text in enumerate(texts, 1))
        lead = r.choice(("", "신경망:\n", "이 구조 그려줘\n", "다음과 같은 모델\n", "모델 그림 부탁해요\n"))
        return lead + body, "\n".join(lines) + "\n"
    if form < 0.3 and not convolutional:
        sizes = [line.split()[1] for line in lines if len(line.split()) == 2 and line.split()[1].isdigit()]
        if len(sizes) == len(lines):
            row = r.choice(("-", "-", " - ", "->", " -> ", ", ", "/", ":")).join(sizes)
            thing = r.choice(("신경망", "MLP", "mlp", "다층 퍼셉트론", "완전연결 신경망", "FC 네트워크"))
            return r.choice((f"{thing} {row}{r.choice(_ENDS)}", f"{row} {thing}{r.choice(_ENDS)}")), "\n".join(
                lines
            ) + "\n"
    mark = r.choice((", ", ", ", ", ", " -> ", " -> ", "->", " → ", " / ", "\n", ", 그다음 ", " 다음에 ", "; ", " - "))
    if mark == ", " and r.random() < 0.3:
        texts = [r.choice(("", "", "그다음 ", "이어서 ", "다음은 ")) * (i > 0) + text for i, text in enumerate(texts)]
    return r.choice(_LEADS) + mark.join(texts) + r.choice(_ENDS), "\n".join(lines) + "\n"


def _dense(r: random.Random) -> list[tuple[str, list[str]]]:
    """An input, hidden layers and an output, each with its words and its lines."""
    regime = r.choice(("small", "small", "typical", "any"))
    act = r.choice(("relu", "relu", "tanh", "gelu", "sigmoid")) if r.random() < 0.3 else ""
    sizes = [units(r, regime) for _ in range(r.choice((1, 1, 2, 2, 2, 3, 3, 4)))]
    n_in, out = units(r, regime), output(r, classes(r), 0.35)
    begin = (_input(r, n_in), [f"input {n_in}"])
    suffix = r.choice((f" ({act})", f", {act}", f" {act}", f" 활성화 {act}")) if act else ""
    if len(sizes) > 1 and r.random() < 0.35:
        k = len(sizes)
        count = r.choice((f"{k}개", f"{_COUNTS[k]} 개", f"{k}층"))
        u = sizes[0]
        said = r.choice(
            (
                f"은닉층 {count} (각 {u}개)",
                f"{u}개짜리 은닉층 {count}",
                f"은닉층 {count}, 층마다 {u}개",
                f"노드 {u}개 은닉층 {count}",
                f"{u} 유닛 은닉층이 {count}",
            )
        )
        middle = [(said + suffix, [" ".join(f"{k} dense {u} {act}".split())])]
    elif len(sizes) > 1 and r.random() < 0.6:
        row = r.choice((", ", ", ", "개, ", "-", "/", " ")).join(map(str, sizes))
        row += "개" if "개" in row else ""
        said = r.choice(
            (f"은닉층 {row}", f"은닉층은 {row}", f"은닉층 노드 {row}", f"히든 레이어 {row}", f"은닉층 크기 {row}")
        )
        middle = [(said + suffix, [" ".join(f"dense {u} {act}".split()) for u in sizes])]
    else:
        names = ["은닉층", "은닉층", "히든 레이어", "dense", "fc", "완전연결층", "Dense"]
        name = r.choice(names)
        middle = []
        for i, u in enumerate(sizes, 1):
            which = (
                r.choice((f"{name} {u}개", f"{name} {u}", f"{name}({u})", f"{u}개 {name}"))
                if r.random() < 0.7
                else (f"{_nth(i)} {name} {u}개")
            )
            middle.append((which + suffix, [" ".join(f"dense {u} {act}".split())]))
    end = (_output(r, out), [out.line()])
    parts = [begin, *middle, end]
    if r.random() < 0.12:  # input and output first, as people do; the lines keep the order of the layers
        text = ", ".join((begin[0], end[0], *(x for x, _ in middle)))
        return [(text, [line for _, some in parts for line in some])]
    return parts


def _convolutional(r: random.Random) -> list[tuple[str, list[str]]]:
    """An image, convolutions and pooling, a head."""
    size = image(r)
    parts = [(_image(r, size), [Layer("input", size=size).line()])] if r.random() < 0.9 else []
    if r.random() < 0.3:
        n, k = r.choice((2, 3, 3, 4)), kernel(r)
        conv = Layer("conv", r.choice((0, 0, 16, 32, 64)), k if r.random() < 0.7 else ())
        pool = Layer("pool", size=r.choice(((2, 2), ())), variant=r.choice(("max", "max", "avg", "")))
        c, p = _conv(r, conv), _pool(r, pool)
        count = r.choice((f"{n}개", f"{_COUNTS[n]} 개", f"{n}번", f"{_COUNTS[n]} 번"))
        said = r.choice(
            (
                f"{c} {count}, 각각 뒤에 {p}",
                f"({c} + {p}) x {n}",
                f"{c} 다음 {p}을 {count} 반복",
                f"{c}와 {p} 조합을 {count}",
                f"{c} {count}인데 하나마다 {p}이 따라옴",
            )
        )
        parts.append((said, [f"repeat {n}", conv.line(), pool.line(), "end"]))
    else:
        layers = conv_stack(r, r.choice((1, 2, 2, 3, 4, 5)))[:10]
        i = 0
        while i < len(layers):
            j = i + 1
            while j < len(layers) and layers[j] == layers[i]:
                j += 1
            n = j - i
            if 2 <= n <= 6 and r.random() < 0.6:
                word = r.choice((f"{n}개", f"{_COUNTS[n]} 개", f"{_COUNTS[n]} 번", f"{n}번", f"x{n}"))
                parts.append((f"{_say(r, layers[i])} {word}", [layers[i].line(n)]))
                i = j
                continue
            parts.append((_say(r, layers[i]), [layers[i].line()]))
            i += 1
    return parts + [(_say(r, layer), [layer.line()]) for layer in head_layers(r)]


def _nth(i: int) -> str:
    return ("첫 번째", "두 번째", "세 번째", "네 번째", "다섯 번째")[i - 1]


def _input(r: random.Random, n: int) -> str:
    return r.choice(
        (
            f"입력 {n}개",
            f"입력 {n}",
            f"입력층 {n}개",
            f"입력 특성 {n}개",
            f"{n}차원 입력",
            f"입력은 {n}개",
            f"입력 노드 {n}개",
            f"입력 변수 {n}개",
        )
    )


def _image(r: random.Random, size: tuple[int, ...]) -> str:
    times = r.choice(("x", "x", "x", "×", " x ", "*"))
    d = times.join(map(str, size))
    forms = [
        f"{d} 이미지",
        f"{d} 입력 이미지",
        f"입력 {d}",
        f"입력 이미지 {d}",
        f"{d} 입력",
        f"{d} 크기 이미지",
        f"{d} 영상",
    ]
    if len(size) == 3 and size[2] in (1, 3):
        kind = {1: ("흑백", "그레이스케일"), 3: ("컬러", "RGB")}[size[2]]
        forms += [f"{times.join(map(str, size[:2]))} {r.choice(kind)} 이미지"] * 3
    return r.choice(forms)


def _output(r: random.Random, layer: Layer) -> str:
    n, act = layer.units, f" {layer.act}" if layer.act else ""
    if not n:
        return r.choice(("출력", "출력층")) + act
    return r.choice(
        (
            f"출력 {n}개{act}",
            f"출력 {n}{act}",
            f"출력층 {n}{act}",
            f"{n}개 출력{act}",
            f"{n}개 클래스{act} 출력",
            f"마지막에{act} 출력 {n}개",
            f"출력은 {n}개{act}",
            f"{n} 클래스{act}",
        )
    )


def _conv(r: random.Random, layer: Layer) -> str:
    k, f = "x".join(map(str, layer.size)), layer.units
    name = r.choice(("합성곱", "합성곱층", "컨볼루션", "conv", "conv", "Conv2D", "합성곱 레이어"))
    said = r.choice((f"{k} {name}", f"{name} {k}")) if k else name
    said = f"{layer.variant} {said}" if layer.variant else said
    said += r.choice((f" 필터 {f}개", f" {f}", f" ({f}개)", f", 필터 {f}", f" {f}채널")) if f else ""
    said += r.choice((f" stride {layer.stride}", f" 스트라이드 {layer.stride}")) if layer.stride else ""
    said += f" {layer.act}" if layer.act else ""
    return said + (f" (출력 {'x'.join(map(str, layer.out))})" if layer.out else "")


def _pool(r: random.Random, layer: Layer) -> str:
    if layer.variant in ("global", "adaptive"):
        return r.choice(
            (f"{layer.variant} average pooling", "전역 평균 풀링" if layer.variant == "global" else "adaptive pooling")
        )
    k = "x".join(map(str, layer.size))
    name = r.choice(
        {
            "max": ("맥스 풀링", "최대 풀링", "max pooling", "maxpool", "맥스풀링"),
            "avg": ("평균 풀링", "average pooling", "avg pool"),
            "": ("풀링", "pooling", "풀링층"),
        }[layer.variant]
    )
    said = r.choice((f"{k} {name}", f"{name} {k}")) if k else name
    return said + (f" stride {layer.stride}" if layer.stride else "")


def _say(r: random.Random, layer: Layer) -> str:
    if layer.kind == "conv":
        return _conv(r, layer)
    if layer.kind == "pool":
        return _pool(r, layer)
    if layer.kind == "output":
        return _output(r, layer)
    if layer.kind == "dense":
        u, act = layer.units or "", f" {layer.act}" if layer.act else ""
        return (
            r.choice(
                (f"dense {u}", f"fc {u}", f"완전연결층 {u}", f"완전연결 {u}개" if u else "완전연결층", f"FC {u}")
            ).strip()
            + act
        )
    names = {
        "flatten": ("flatten", "평탄화", "flatten 층"),
        "dropout": ("dropout", "드롭아웃"),
        "norm": ("배치 정규화", "batch norm", "BN"),
        "activation": ("",),
    }
    said = r.choice(names[layer.kind])
    return " ".join(x for x in (said, layer.rate, layer.act) if x)
