"""What matters: Sobol' indices as bars, elementary effects as a plane, and their convergence."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from trustsim.report.figures import style
from trustsim.report.words.labels import in_figure, number

ALONE, ALTOGETHER = style.LESS, "#E69F00"

WORDS = {
    "ST": "altogether (total), share of the variance",
    "S1": "on its own (first order)",
    "mu_star": "mean size of the effect, μ*",
    "sigma": "spread of the effect, σ",
}

PERCENT = FuncFormatter(lambda share, _: f"{number(100 * share, 0)}\N{NO-BREAK SPACE}%")


def sobol_bars(
    indices: pd.DataFrame, ax: Axes | None = None, *, title: str = "", width: float = style.WIDE
) -> list[Axes]:
    """Draw first-order and total index of every parameter, the largest total first.

    Parameters
    ----------
    indices : DataFrame
        ``label, S1, S1_low, S1_high, ST, ST_low, ST_high``; shares of the variance.
    ax : Axes, optional
        Where to draw.
    title : str
        What varies.
    width : float
        Inches.

    Returns
    -------
    list of Axes
        One.
    """
    width = style.available_width(ax, width)
    rows = indices.sort_values("ST", ascending=False, kind="stable")
    axes = style.panels(ax, 1, 1, width, max(1.6, 0.55 + 0.32 * len(rows)), 0.45)
    axis = axes[0]
    looks = {"ST": (ALTOGETHER, "////", 0.19), "S1": (ALONE, "", -0.19)}
    for name, (color, hatch, aside) in looks.items():
        places = np.arange(len(rows)) + aside
        value = rows[name].to_numpy(float)
        ends = [value - rows[f"{name}_low"], rows[f"{name}_high"] - value]
        axis.barh(
            places, value, height=0.36, color=color, hatch=hatch, edgecolor="white", linewidth=0.4
        )
        axis.errorbar(
            value, places, xerr=np.maximum(0.0, np.array(ends, float)), fmt="none",
            ecolor=style.INK, elinewidth=0.9, capsize=2, zorder=5,
        )  # fmt: skip
    names = [in_figure(str(label), 20 if width < style.NARROW else 0) for label in rows["label"]]
    axis.set_yticks(range(len(rows)), names)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    style.dress(
        axis,
        in_figure(title, int((width - 1.2) * 13.5)),
        "share of the variance",
        grid="x",
    )
    style.few_ticks(axis, "x", 4 if width < style.NARROW else 8)
    axis.xaxis.set_major_formatter(PERCENT)
    axis.axvline(0, color=style.INK, linewidth=0.8)
    handles = [
        Patch(facecolor=ALONE, edgecolor="white"),
        Patch(facecolor=ALTOGETHER, edgecolor="white", hatch="////"),
    ]
    texts = ["on its own (first order)", "altogether (total)"]
    style.legend(axes, ax is None, handles, texts, 2 if width > 3 else 1)
    return axes


def morris_plane(
    indices: pd.DataFrame,
    ax: Axes | None = None,
    *,
    title: str = "",
    unit: str = "",
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw mean size against spread of the elementary effects of every parameter.

    Parameters that hardly matter or are idle are small hollow points without a number.

    Parameters
    ----------
    indices : DataFrame
        ``label, mu_star, mu_star_low, mu_star_high, sigma, sigma_low, sigma_high, verdict``.
    ax : Axes, optional
        Where to draw.
    title, unit : str
        What varies, and its unit.
    width : float
        Inches.
    """
    width = style.available_width(ax, width)
    rows = indices.sort_values("mu_star", ascending=False, kind="stable").reset_index(drop=True)
    narrow = width < style.NARROW
    axes = style.panels(ax, 1, 1, width, 3.3, 0.5 + 0.14 * len(rows) / (1 if narrow else 3))
    axis = axes[0]
    shown = rows["verdict"].isin(["matters", "cannot be told"])
    for place, row in rows.iterrows():
        big = bool(shown[place])  # type: ignore[call-overload]
        x, y = float(row["mu_star"]), float(row["sigma"])
        if big:
            axis.errorbar(
                x, y,
                xerr=[[max(0.0, x - row["mu_star_low"])], [max(0.0, row["mu_star_high"] - x)]],
                yerr=[[max(0.0, y - row["sigma_low"])], [max(0.0, row["sigma_high"] - y)]],
                fmt="none", ecolor=style.FAINT, elinewidth=0.8, capsize=2, zorder=2,
            )  # fmt: skip
        axis.plot(
            x, y, "o", markersize=5 if big else 4, zorder=3, color=style.LESS,
            markerfacecolor=style.LESS if big else "white",
        )  # fmt: skip
        if big:
            axis.annotate(
                str(int(str(place)) + 1), (x, y), xytext=(4, 4), textcoords="offset points",
                fontsize=style.TEXT, fontweight="bold", color=style.INK,
            )  # fmt: skip
    reach = max(float(rows["mu_star_high"].max()), 1e-12) * 1.06
    rise = max(float(rows["sigma_high"].max()), 1e-12) * 1.08
    axis.set_xlim(-0.03 * reach, reach)
    axis.set_ylim(-0.04 * rise, rise)
    for slope, dashes in ((1.0, (4, 2)), (0.5, (1, 2))):
        end = min(reach, rise / slope)
        axis.plot(
            [0, end], [0, slope * end], color=style.FAINT, linewidth=0.9, linestyle=(0, dashes),
            zorder=1,
        )  # fmt: skip
    style.dress(
        axis,
        in_figure(title, int((width - 0.6) * 13)),
        in_figure(
            f"mean size of the effect, μ* ({unit})" if unit else "mean size of the effect, μ*"
        ),
        "spread of the effect, σ",
        grid="both",
    )
    style.few_ticks(axis, "x", 5)
    style.few_ticks(axis, "y", 5)
    handles = [Line2D([], [], linestyle="none") for _ in range(int(shown.sum()))]
    texts = [
        in_figure(f"{place + 1} {label}")
        for place, label in enumerate(rows["label"][shown].astype(str))
    ]
    more = [
        (Line2D([], [], color=style.FAINT, linestyle=(0, (4, 2))), "σ = μ*"),
        (Line2D([], [], color=style.FAINT, linestyle=(0, (1, 2))), "σ = μ*/2"),
    ]
    if not shown.all():
        hollow = Line2D(
            [], [], color=style.LESS, marker="o", markerfacecolor="white", linestyle="none",
            markersize=4,
        )  # fmt: skip
        more.append((hollow, f"{int((~shown).sum())} with hardly any effect"))
    handles += [handle for handle, _ in more]
    texts += [text for _, text in more]
    style.legend(axes, ax is None, handles, texts, 2 if narrow else 4)
    return axes


def sensitivity_convergence(
    convergence: pd.DataFrame,
    ax: Axes | None = None,
    *,
    title: str = "",
    unit: str = "",
    width: float = style.WIDE,
) -> list[Axes]:
    """Draw how the indices changed as the design grew, a panel per parameter.

    Parameters
    ----------
    convergence : DataFrame
        ``blocks, label, index, value, low, high`` for two indices; the one that is largest in the
        end comes first.
    ax : Axes, optional
        Where to draw.
    title, unit : str
        What the blocks are, and the unit of the indices; shares of the variance without one.
    width : float
        Inches.

    Returns
    -------
    list of Axes
        One per parameter, the largest leading index first.
    """
    width = style.available_width(ax, width)
    names = [str(name) for name in dict.fromkeys(convergence["index"])]
    lead = "ST" if "ST" in names else names[0]
    sizes = sorted({int(size) for size in convergence["blocks"]})
    last = convergence[(convergence["blocks"] == sizes[-1]) & (convergence["index"] == lead)]
    order = last.sort_values("value", ascending=False, kind="stable")["label"].astype(str).tolist()
    columns = 2 if width < style.NARROW else 4
    axes = style.panels(ax, len(order), columns, width, 1.05, 0.55)
    ordered = [lead, *(name for name in names if name != lead)]
    looks = dict(zip(ordered, style.ARM_STYLES, strict=False))
    for axis, label in zip(axes, order, strict=True):
        for name, look in looks.items():
            mine = convergence[(convergence["label"] == label) & (convergence["index"] == name)]
            mine = mine.sort_values("blocks")
            x = mine["blocks"].to_numpy(float)
            axis.fill_between(
                x, mine["low"], mine["high"], color=look.color, alpha=0.2, linewidth=0
            )
            axis.plot(
                x, mine["value"], color=look.color, linestyle=look.line, marker=look.marker,
                markersize=3, linewidth=1.2,
            )  # fmt: skip
        axis.axhline(0, color=style.INK, linewidth=0.6)
        axis.set_xscale("log")
        axis.xaxis.set_major_locator(FixedLocator(sizes))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: number(x, 0)))
        style.dress(axis, in_figure(label, int(width / columns * 15)))
        style.few_ticks(axis, "y", 4)
        if not unit:
            axis.yaxis.set_major_formatter(PERCENT)
    ends = [min(0.0, float(convergence["low"].min())), float(convergence["high"].max()) or 1.0]
    if not unit:  # the shares of a few points can be wild; what is within reason stays readable
        ends = [max(ends[0], -0.25), min(ends[1], 1.25)]
    room = 0.06 * (ends[1] - ends[0])
    for place, axis in enumerate(axes):  # one scale, so that parameters can be compared by eye
        axis.set_ylim(ends[0] - room, ends[1] + room)
        axis.tick_params(axis="x", labelrotation=45 if width < style.NARROW else 0)
        if place % columns:
            axis.tick_params(labelleft=False)
        if place // columns < (len(axes) - 1) // columns:
            axis.tick_params(labelbottom=False)
        else:
            axis.set_xlabel(in_figure(title), fontsize=style.SMALL, color=style.INK)
    handles = [
        Line2D([], [], color=look.color, linestyle=look.line, marker=look.marker, markersize=4)
        for look in looks.values()
    ]
    texts = [in_figure(WORDS.get(name, name) + (f" ({unit})" if unit else "")) for name in looks]
    style.legend(axes, ax is None, handles, texts, 1 if width < style.NARROW else 2)
    return axes
