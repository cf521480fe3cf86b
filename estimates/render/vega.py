"""Pictures by Vega-Lite: the one place that knows Altair and vl-convert, which are the extra
`charts`.

No browser, no script, no network; what is drawn is deterministic: fonts are measured by those that
vl-convert brings.
"""

from functools import cache
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


def in_notebooks(chart: Any) -> Any:
    """The chart, which a notebook shows as a picture that loads nothing; Altair's own default asks
    another host for a script, and does so once one of its renderers is enabled.
    """
    object.__setattr__(chart, "__class__", _drawn(type(chart)))
    return chart


@cache
def _drawn(kind: Any) -> Any:
    def shown(self: Any, *args: Any, **options: Any) -> Any:
        if altair().renderers.active != "default":
            return kind._repr_mimebundle_(self, *args, **options)
        return {"image/svg+xml": svg(self.to_dict())}

    return type(kind.__name__, (kind,), {"_repr_mimebundle_": shown})


def svg(spec: dict[str, Any]) -> str:
    """A chart's specification as SVG."""
    import vl_convert

    return vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])


def png(spec: dict[str, Any]) -> bytes:
    """A chart's specification as PNG, two pixels a point."""
    import vl_convert

    return vl_convert.vegalite_to_png(spec, scale=2, allowed_base_urls=[])
