"""Draws every text of this folder, and the page that shows them.

    python docs/gallery/make.py

Writes NAME.png and NAME.svg beside each NAME.txt, and README.md.
"""

from pathlib import Path

from diagen.diagram import parse
from diagen.render import PillowRenderer, SvgRenderer, layout

HERE = Path(__file__).parent


def main() -> None:
    page = [
        "# Gallery",
        "",
        "Made by `python docs/gallery/make.py`: each drawing with the text that it was drawn from.",
    ]
    for path in sorted(HERE.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        diagram = parse(text)
        scene = layout(diagram)
        PillowRenderer()(scene).quantize(128, dither=0).save(path.with_suffix(".png"), optimize=True)
        path.with_suffix(".svg").write_text(SvgRenderer()(scene), encoding="utf-8")
        name = path.stem
        width = min(880, round(scene.width))
        page += ["", f"## {name[3:].replace('-', ' ').capitalize()}", "", f'<img src="{name}.png" width="{width}"', ""]
        page[-2] += f' alt="{(diagram.title or name[3:]).replace(chr(34), "")}">'
        page += [f"[SVG]({name}.svg)", "", "```", text.rstrip("\n"), "```"]
        print(name, flush=True)
    (HERE / "README.md").write_text("\n".join(page) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
