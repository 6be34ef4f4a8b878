"""The page of a report: the pictures to compare, scores, snapshots, curve and recipe."""

import html
import json
from dataclasses import dataclass
from typing import Any

from untrained.evaluation.report_charts import uncertainty_map
from untrained.fitting.restoration import Restoration
from untrained.picture import preview
from untrained.picture.picture import Picture

_SMALL = 512
"""A narrower result is shown enlarged, pixel by pixel."""


@dataclass(frozen=True)
class Shown:
    """The pictures of a page, by what they are."""

    before: Picture
    before_is: str
    """``input``, or ``initial guess`` where the measurement is no picture."""
    restored: Picture
    reference: Picture | None

    def urls(self) -> dict[str, str]:
        """The pictures as data URLs, all of the size of the result."""
        found = {"restored": self.restored, self.before_is: self.before}
        if self.reference is not None:
            found["reference"] = self.reference
        size = self.restored.size
        return {
            name: preview.data_url(preview.png_bytes(preview.enlarged(picture.shown, size)))
            for name, picture in found.items()
        }


def page(
    facts: dict[str, Any],
    result: Restoration,
    shown: Shown,
    curve: bytes,
    snapshots: dict[int, bytes],
) -> str:
    """Compose the page of what ``report.json`` holds: HTML that needs no other file.

    Parameters
    ----------
    facts
        The contents of ``report.json``.
    result
        The result.
    shown
        The pictures to compare.
    curve
        The drawn curve, a PNG.
    snapshots
        Pictures by step, PNGs.
    """
    name = (facts["input"] or {}).get("file")
    urls = shown.urls()
    return _PAGE.format(
        title=html.escape(f"{name}: {facts['task']}" if name else str(facts["task"])),
        pair=_pair(urls),
        table=_table(facts, result, shown),
        strip=_strip(snapshots),
        curve=preview.data_url(curve),
        uncertainty=_uncertainty(result),
        recipe=html.escape(json.dumps(facts["recipe"], indent=2)),
        width=shown.restored.width,
        scaling="pixelated" if shown.restored.width < _SMALL else "auto",
    )


def _pair(urls: dict[str, str]) -> str:
    """The divided picture: the result left of the line, another right of it."""
    others = [name for name in urls if name != "restored"]
    hidden = "".join(
        f'<img hidden id="of-{_word(name)}" src="{urls[name]}" alt="">' for name in others
    )
    choices = "".join(f'<option value="{_word(name)}">{name}</option>' for name in others)
    return _PAIR.format(
        first=others[0],
        word=_word(others[0]),
        restored=urls["restored"],
        other=urls[others[0]],
        hidden=hidden,
        choices=choices,
    )


def _word(name: str) -> str:
    return name.replace(" ", "-")


def _table(facts: dict[str, Any], result: Restoration, shown: Shown) -> str:
    rows: dict[str, Any] = {}
    given = facts["input"] or {}
    if given.get("file"):
        rows["file"] = given["file"]
    if "size" in given:
        rows["size"] = _size(given)
    if facts["result"] != {key: given.get(key) for key in facts["result"]}:
        rows["size of the result"] = _size(facts["result"])
    if facts["command"]:
        rows["command"] = facts["command"]
    rows |= {
        "task": facts["task"],
        "stopped because": facts["stopped"],
        "steps": f"{facts['steps']}, picture of step {facts['chosen_step']}",
        "time": f"{facts['seconds']:.1f} s on {facts['device']} in {facts['precision']}",
        "preset": f"{result.recipe.name}: {result.recipe.why}",
        "seed": facts["seed"],
    }
    if shown.reference is not None:
        rows["PSNR"] = _scored(facts, "psnr", "{:.2f} dB", "identical", shown.before_is)
        rows["SSIM"] = _scored(facts, "ssim", "{:.4f}", "not defined", shown.before_is)
    for number, note in enumerate(facts["notes"], 1):
        rows[f"note {number}"] = note
    return "".join(
        f"<tr><th>{html.escape(key)}</th><td>{_cell(key, value)}</td></tr>"
        for key, value in rows.items()
    )


def _size(facts: dict[str, Any]) -> str:
    count = facts["channels"]
    return f"{facts['size']}, {count} channel{'' if count == 1 else 's'} of {facts['samples']}"


def _cell(key: str, value: Any) -> str:
    words = html.escape(str(value))
    return f"<code>{words}</code>" if key == "command" else words


def _scored(facts: dict[str, Any], key: str, form: str, none: str, before_is: str) -> str:
    """The score of the result, and that of the input where it has one."""
    value = facts[key]
    words = f"restored {none if value is None else form.format(value)}"
    before = facts[f"input_{key}"]
    return words if before is None else f"{before_is} {form.format(before)}, {words}"


def _strip(snapshots: dict[int, bytes]) -> str:
    return "".join(
        f'<figure><img src="{preview.data_url(png)}" alt="step {index}">'
        f"<figcaption>step {index}</figcaption></figure>"
        for index, png in sorted(snapshots.items())
    ) or ("<p>No snapshots were kept.</p>")


def _uncertainty(result: Restoration) -> str:
    if result.uncertainty is None:
        return ""
    drawn = preview.data_url(uncertainty_map(result.uncertainty, result.restored))
    return (
        "<h2>Where the networks disagree</h2>"
        f'<img class="curve" src="{drawn}" alt="standard deviation over the networks">'
        "<p>Errors common to all networks do not show here.</p>"
    )


_PAIR = """<div class="pair" id="pair" style="--at:50%"
 onpointerdown="this.setPointerCapture(event.pointerId); this.onpointermove(event)"
 onpointermove="if (event.buttons) {{ const box = this.getBoundingClientRect();
  const at = document.getElementById('at');
  at.value = 100 * (event.clientX - box.left) / box.width; at.oninput(); }}">
<img id="other" src="{other}" alt="{first}" draggable="false">
<img class="top" src="{restored}" alt="restored" draggable="false">
<span class="name left">restored</span><span class="name right" id="name">{first}</span>
</div>
{hidden}
<p class="slide"><label for="at" id="end">{first}</label>
<input id="at" type="range" min="0" max="100" step="any" value="50"
 aria-label="share of the restored picture that is shown" aria-valuetext="50 % restored"
 oninput="document.getElementById('pair').style.setProperty('--at', this.value + '%');
  this.setAttribute('aria-valuetext', Math.round(this.value) + ' % restored')">
<span>restored</span>
<label>compare with <select onchange="const name = this.selectedOptions[0].text;
 const other = document.getElementById('other');
 other.src = document.getElementById('of-' + this.value).src; other.alt = name;
 document.getElementById('name').textContent = name;
 document.getElementById('end').textContent = name">{choices}</select></label></p>"""
"""At the right end of the slider, all that is seen is the restored picture."""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>untrained: {title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem;
  padding: 0 1rem; }}
.pair {{ position: relative; width: min(100%, max({width}px, 32rem)); cursor: ew-resize;
  touch-action: pan-y; user-select: none; }}
.pair img {{ display: block; width: 100%; image-rendering: {scaling}; }}
.pair .top {{ position: absolute; inset: 0; clip-path: inset(0 calc(100% - var(--at)) 0 0); }}
.pair::after {{ content: ""; position: absolute; top: 0; bottom: 0; left: var(--at); width: 2px;
  background: #fff; box-shadow: 0 0 3px #000; }}
.name {{ position: absolute; top: .5rem; padding: 0 .5rem; border-radius: .3rem;
  background: #000a; color: #fff; font-size: 13px; }}
.left {{ left: .5rem; }}
.right {{ right: .5rem; }}
.slide {{ display: flex; flex-wrap: wrap; align-items: center; gap: .6rem;
  width: min(100%, max({width}px, 32rem)); }}
.slide input {{ flex: 1; min-width: 8rem; }}
th {{ text-align: left; padding-right: 1.5rem; vertical-align: top; white-space: nowrap; }}
td code {{ overflow-wrap: anywhere; }}
.strip {{ display: flex; gap: .6rem; overflow-x: auto; }}
.strip figure {{ margin: 0; flex: none; text-align: center; }}
.strip img {{ height: 9rem; }}
.curve {{ max-width: 100%; }}
pre {{ background: #8881; padding: 1rem; overflow-x: auto; }}
</style></head><body>
<h1>{title}</h1>
{pair}
<table>{table}</table>
<h2>Snapshots</h2><div class="strip">{strip}</div>
<h2>Curve</h2><img class="curve" src="{curve}" alt="loss against steps">
{uncertainty}<h2>Recipe</h2><pre>{recipe}</pre>
</body></html>
"""
