"""From a diagram to a picture: layout(diagram) -> Scene, then PillowRenderer or SvgRenderer draws the scene.

scene.py holds the scene; theme.py, text.py and kinds.py say how things look; graph.py (with ranks, place, route,
frames, labels) lays out processes, network.py networks, unet.py U shapes; faults.py counts what is wrong with a scene.
"""

from diagen.render.layout import layout
from diagen.render.pillow import PillowRenderer, png
from diagen.render.scene import Scene
from diagen.render.svg import SvgRenderer

__all__ = ["PillowRenderer", "Scene", "SvgRenderer", "faults", "layout", "png"]
