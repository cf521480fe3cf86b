"""Pictures by Vega-Lite: the one place that knows Altair and vl-convert, which are the extra
`charts`.

No browser, no script, no network; what is drawn is deterministic: fonts are measured by those that
vl-convert brings.
"""

from typing import Any

from estimates.errors import InvalidError


def altair() -> Any:
    """The module to describe charts with; raises InvalidError (`no_charts`) without the extra
    `charts`.
    """
    try:
        import altair
        import vl_convert  # noqa: F401
    except ModuleNotFoundError:
        raise InvalidError(
            "no_charts",
            "pictures need altair and vl-convert-python, which are not installed",
            remedy="pip install 'estimates-store[charts]'",
        ) from None
    return altair


def svg(spec: dict[str, Any]) -> str:
    """A chart's specification as SVG."""
    import vl_convert

    return vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])


def png(spec: dict[str, Any]) -> bytes:
    """A chart's specification as PNG, two pixels a point."""
    import vl_convert

    return vl_convert.vegalite_to_png(spec, scale=2, allowed_base_urls=[])
