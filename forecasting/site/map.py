"""The bureau's own map: its GeoJSON drawn as shapes in the colours of the warning levels.

No administrative border ships with the program: a published map needs an approval number of its own
(审图号), which stands in the caption.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from employment_forecast.data.errors import SettingsError
from employment_forecast.forecasting.bulletin.render.trees import element

_WIDTH = 900.0
_NAMES = ("code", "adcode", "id", "name")
_MOST_POINTS = 200_000

Ring = list[tuple[float, float]]


def _refused(reason: str) -> SettingsError:
    return SettingsError(
        f"看板的地图文件不可用：{reason}。",
        "请用经纬度的 GeoJSON（FeatureCollection，Polygon 或 MultiPolygon），"
        "每个图形的 properties 写 code（行政区划代码）或 name（地区名称）。",
    )


def _rings(geometry: Any) -> Iterator[Ring]:
    content: dict[str, Any] = geometry if isinstance(geometry, dict) else {}
    kind: Any = content.get("type")
    parts: Any = content.get("coordinates")
    if kind == "Polygon":
        parts = [parts]
    elif kind != "MultiPolygon":
        raise _refused(f"图形种类 {kind} 不支持")
    try:
        for polygon in parts:
            for ring in polygon:
                points = [(float(p[0]), float(p[1])) for p in ring]
                if not all(math.isfinite(v) and abs(v) <= 180 for p in points for v in p):
                    raise _refused("坐标不是经纬度")
                yield points
    except (TypeError, ValueError, IndexError, KeyError):
        raise _refused("坐标的格式不对") from None


def read_map(text: str) -> dict[str, list[Ring]]:
    """Outlines by the code or name that the file gives.

    Parameters
    ----------
    text : str
        GeoJSON.

    Returns
    -------
    dict of str to list of rings
        A ring is a list of (longitude, latitude) in degrees.

    Raises
    ------
    SettingsError
        If it is no GeoJSON of polygons, or too large.
    """
    try:
        content = json.loads(text)
        features = content["features"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _refused("不是 GeoJSON 的 FeatureCollection") from None
    outlines: dict[str, list[Ring]] = {}
    points = 0
    for feature in features if isinstance(features, list) else ():
        about = (feature.get("properties") or {}) if isinstance(feature, dict) else {}
        names = [str(about[k]) for k in _NAMES if isinstance(about.get(k), str | int)]
        if not names:
            raise _refused("有的图形没有 code 或 name")
        rings = list(_rings(feature.get("geometry")))
        points += sum(map(len, rings))
        if points > _MOST_POINTS:
            raise _refused(f"坐标点超过 {_MOST_POINTS:,} 个，请先简化")
        for name in names:
            outlines.setdefault(name, []).extend(rings)
    if not outlines:
        raise _refused("里面没有图形")
    return outlines


def draw_map(
    outlines: Mapping[str, Sequence[Ring]],
    regions: Sequence[tuple[Sequence[str], str, str, str]],
    number: str,
) -> Element:
    """The map as a figure.

    Parameters
    ----------
    outlines : mapping
        From `read_map`.
    regions : sequence of (names, title, level, address)
        Code and names of each region, what is read out, code of its warning level, its page.
    number : str
        Approval number of the map (审图号).

    Returns
    -------
    xml.etree.ElementTree.Element
        `figure` with an inline picture; regions that the file does not hold are left out.

    Raises
    ------
    SettingsError
        If no region is in the file.
    """
    shown = [
        (rings, title, level, address)
        for names, title, level, address in regions
        if (rings := next((outlines[n] for n in names if n in outlines), None))
    ]
    if not shown:
        raise _refused("其中没有看板上的地区")
    points = [p for rings, *_ in shown for ring in rings for p in ring]
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    # Degrees of longitude shrink with the latitude: an equirectangular picture true at the middle.
    shrink = math.cos(math.radians((south + north) / 2))
    scale = _WIDTH / max((east - west) * shrink, north - south, 1e-6)

    def at(point: tuple[float, float]) -> str:
        return f"{(point[0] - west) * shrink * scale:.1f},{(north - point[1]) * scale:.1f}"

    shapes = []
    for rings, title, level, address in shown:
        path = "".join("M" + "L".join(map(at, ring)) + "Z" for ring in rings)
        outline = {"d": path, "fill-rule": "evenodd", "class": f"area level-{level}"}
        shapes.append(
            element(
                "a",
                {"href": address},
                [element("path", outline, [element("title", None, [title])])],
            )
        )
    width = max((east - west) * shrink * scale, 1.0)
    box = f"0 0 {width:.1f} {max((north - south) * scale, 1.0):.1f}"
    picture = element(
        "svg",
        {"viewBox": box, "class": "map", "role": "img", "aria-label": "各地区预警等级"},
        shapes,
    )
    caption = element("figcaption", {"class": "caption"}, [f"各地区预警等级（审图号：{number}）"])
    return element("figure", None, [picture, caption])
