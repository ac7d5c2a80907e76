"""An ablation curve's drawing: a metric over an option, a line for each hue, by seaborn."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.errors import BadRequest
from harness.report.curve_data import CurveData
from harness.report.curve_options import key_of, text_of
from harness.report.draw import Drawing, saved
from harness.report.draw_axes import finish, set_ticks, wrapped
from harness.report.draw_style import check_font, missing_glyphs, styled
from harness.report.figure_limits import fitted
from harness.report.figure_style import BAR, CAP, DPI, FONT, INK, MARKER, WIDTH_IN

HEIGHT_IN = 2.2
Side = Literal["left", "center", "right"]
Location = Literal["outside upper left", "outside upper center", "outside upper right"]
LOCATIONS: dict[Side, Location] = {
    "left": "outside upper left",
    "center": "outside upper center",
    "right": "outside upper right",
}
# Okabe and Ito's colours in an order in which neighbours differ in luminance too.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#56B4E9", "#D55E00", "#000000", "#CC79A7")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
# With the first one whole, the others let a line shine through that runs beneath.
DASHES: tuple[Any, ...] = (
    "", (4, 1.5), (1, 1), (3, 1, 1.5, 1), (5, 1, 1, 1, 1, 1), (6, 3), (2, 3),
)  # fmt: skip
LEGEND_WIDTH = 56  # characters of a legend's line
TICK_WIDTH = 44  # characters that all tick labels of an axis have room for, level
Y_WIDTH = 28  # characters of a line of the label along y
RESAMPLES = 1000
SEED = 0  # of the interval of a mean: the same bytes every time


def draw_curve(data: CurveData, format_name: str) -> Drawing:
    """Return the curve as a file of the given format (`pdf`, `png`, `svg`).

    Raises:
        BadRequest: If its font is not there, or there are more lines than can be told apart.
    """
    definition = data.definition
    who = f"figure {definition.name}"
    check_font(definition.font, who)
    for name, values, most in (
        ("hue", data.hues, len(COLOURS)),
        ("style", data.styles, len(DASHES)),
    ):
        if len(values) > most:
            raise BadRequest(f"{who}: {name} must have at most {most} values, got {len(values)}")
    with styled(definition.font):
        content = saved(compose_curve(data), format_name, definition.title, data.notes)
    texts = [text_of(x) for x in data.xs]
    texts += [*data.hues, *data.styles, *filter(None, (definition.x_label, definition.y_label))]
    return Drawing(content, tuple(missing_glyphs(definition.font, texts)))


def compose_curve(data: CurveData) -> Figure:
    """Return the figure."""
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    frame = _frame(data)
    _draw_bars(axes, data, frame)
    _draw_lines(axes, data, frame)
    _draw_axes(axes, data, frame)
    _draw_legends(figure, axes, data)
    canvas.draw()  # type: ignore[no-untyped-call] # lays out
    figure.set_layout_engine("none")
    return figure


def _frame(data: CurveData) -> pd.DataFrame:
    """Return a row for each point; names along x stand at 0, 1, 2, ..."""
    keys = [key_of(x) for x in data.xs]
    frame: pd.DataFrame = pd.DataFrame(
        {
            "x": [p.x if data.numeric else keys.index(key_of(p.x)) for p in data.points],
            "y": [p.y for p in data.points],
            "low": [p.ci95[0] if p.ci95 else None for p in data.points],
            "high": [p.ci95[1] if p.ci95 else None for p in data.points],
            "hue": [p.hue for p in data.points],
            "style": [p.style for p in data.points],
        }
    )
    return frame


def _draw_lines(axes: Axes, data: CurveData, frame: pd.DataFrame) -> None:
    definition = data.definition
    averaged = bool(definition.average_over)
    by_hue: dict[str, Any] = {"color": COLOURS[0], "marker": MARKERS[0]}
    if data.hues:
        colours = dict(zip(data.hues, COLOURS, strict=False))
        by_hue = {"hue": "hue", "hue_order": list(data.hues), "palette": colours}
    styles, style = (data.styles, "style") if data.styles else (data.hues, "hue")
    if styles:  # in grey print markers tell lines apart, where colours may not
        by_hue |= {
            "style": style,
            "style_order": list(styles),
            "markers": dict(zip(styles, MARKERS, strict=False)),
            "dashes": dict(zip(styles, DASHES, strict=False)),
        }
    sns.lineplot(
        frame,
        x="x",
        y="y",
        estimator="mean" if averaged else None,
        errorbar=("ci", 95) if averaged else None,
        n_boot=RESAMPLES,
        seed=SEED,
        err_style="bars",
        err_kws={"capsize": CAP, "elinewidth": BAR, "capthick": BAR},
        markersize=MARKER,
        markeredgewidth=0.4,
        linewidth=1.0,
        ax=axes,
        **by_hue,
    )


def _draw_bars(axes: Axes, data: CurveData, frame: pd.DataFrame) -> None:
    """Draw the interval of each point, in the colour of its line; a mean has one of its own."""
    if data.definition.average_over:
        return
    colours = dict(zip(data.hues, COLOURS, strict=False))
    for row in frame.dropna(subset=["low", "high"]).itertuples():
        axes.errorbar(
            row.x,
            row.y,
            yerr=[[row.y - row.low], [row.high - row.y]],
            fmt="none",
            ecolor=colours.get(row.hue, COLOURS[0]),
            elinewidth=BAR,
            capsize=CAP,
            capthick=BAR,
            zorder=1.5,
        )


def _draw_axes(axes: Axes, data: CurveData, frame: pd.DataFrame) -> None:
    definition = data.definition
    log_x = definition.x_scale == "log"
    if definition.y_scale == "log":
        _set_log_y(axes, data, frame)
    axes.set_xlabel(wrapped(definition.x_label or definition.x))
    axes.set_ylabel(textwrap.fill(definition.y_label or definition.y.label, Y_WIDTH))
    if log_x and not data.numeric:
        named = ", ".join(text_of(x) for x in data.xs)
        raise BadRequest(
            f"figure {definition.name}: {definition.x} must be numbers on a logarithmic axis, "
            f"got {named}"
        )
    if log_x and min(data.xs) <= 0:
        raise BadRequest(
            f"figure {definition.name}: {definition.x} must be above 0 on a logarithmic axis, "
            f"got {min(data.xs)}"
        )
    places = [float(x) for x in data.xs] if data.numeric else [float(i) for i, _ in
                                                               enumerate(data.xs)]  # fmt: skip
    axes.set_xscale("log" if log_x else "linear")
    axes.set_xlim(_padded(places, log=log_x))
    labels = [text_of(x) for x in data.xs]
    crowded = sum(len(label) + 1 for label in labels) > TICK_WIDTH
    axes.set_xticks(
        places,
        labels,
        rotation=30 if crowded else 0,
        ha="right" if crowded else "center",
        rotation_mode="anchor",
    )
    axes.set_xticks([], minor=True)
    finish(axes)


def _set_log_y(axes: Axes, data: CurveData, frame: pd.DataFrame) -> None:
    if frame["y"].min() <= 0:
        raise BadRequest(
            f"figure {data.definition.name}: {data.definition.y.name} must be above 0 on a "
            f"logarithmic axis, got {frame['y'].min():g}"
        )
    ends = [float(v) for v in pd.concat([frame[c].dropna() for c in ("y", "low", "high")])]
    limits = fitted(ends, log=True)
    axes.set_yscale("log")
    axes.set_ylim(limits)
    set_ticks(axes.yaxis, limits, "log")


def _padded(places: list[float], *, log: bool) -> tuple[float, float]:
    """Return limits around the places of x; unlike figures, they may go below 0."""
    if log:
        return fitted(places, log=True)
    margin = 0.06 * (places[-1] - places[0]) or 0.5
    return places[0] - margin, places[-1] + margin


def _draw_legends(figure: Figure, axes: Axes, data: CurveData) -> None:
    """Say above the axes, where no line can be, which line has which value of which option."""
    if (legend := axes.get_legend()) is not None:
        legend.remove()  # seaborn's, which stands among the lines
    definition = data.definition
    both = bool(data.hues and data.styles)
    if data.hues:
        shapes = None if both else data.hues
        handles = _handles(data.hues, COLOURS, shapes)
        _draw_legend(figure, definition.hue, handles, "left" if both else "center")
    if data.styles:
        colours = [INK if both else COLOURS[0]] * len(data.styles)
        handles = _handles(data.styles, colours, data.styles)
        _draw_legend(figure, definition.style, handles, "right" if both else "center")


def _handles(
    values: Sequence[str], colours: Sequence[str], shapes: Sequence[str] | None
) -> list[Line2D]:
    """Return a line for each value; without `shapes` it has a colour alone."""
    return [
        Line2D(
            [],
            [],
            color=colour,
            label=textwrap.fill(value, LEGEND_WIDTH // 2),
            linestyle=(0, dash) if dash and shapes else "-",
            marker=marker if shapes else "",
            markersize=MARKER,
            markeredgecolor="white",
            markeredgewidth=0.4,
            linewidth=1.0,
        )
        for value, colour, marker, dash in zip(values, colours, MARKERS, DASHES, strict=False)
    ]


def legend_columns(entries: int, most: int) -> int:
    """Return as few columns as make no more rows than `most` columns would."""
    return math.ceil(entries / math.ceil(entries / most))


def _draw_legend(figure: Figure, title: str | None, handles: list[Line2D], side: Side) -> None:
    room = LEGEND_WIDTH if side == "center" else LEGEND_WIDTH // 2
    widest = max(len(str(handle.get_label())) for handle in handles) + 6
    figure.legend(
        handles=handles,
        title=title,
        title_fontsize=FONT - 0.5,
        loc=LOCATIONS[side],
        ncols=legend_columns(len(handles), max(1, room // widest)),
        handlelength=2.6,
        handletextpad=0.4,
        columnspacing=1.0,
        labelspacing=0.3,
        borderpad=0.2,
        borderaxespad=0.0,
        frameon=False,
    )
