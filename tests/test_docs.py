"""Every measured number in the docs stands in a result file.

A number counts as measured if it has a unit or two decimals. On a page it must stand in a table
that ``benches/table.py`` makes, in a phrase that is made here from the results, or be listed here
as a setting or as published elsewhere.
"""

import json
import re

import pytest
from benches import pages, table

RESULTS = table.results_by_name()
STUDIES = {
    path.stem: json.loads(path.read_text())
    for path in sorted((table.ROOT / "docs" / "study").glob("*.json"))
}
PAGES = sorted(
    str(path.relative_to(table.ROOT))
    for path in [*table.ROOT.glob("docs/*.md"), *table.ROOT.glob("*.md")]
    if path.name != "benchmarks.md"
)
UNIT = r"(?:dB|s|ms|seconds?|hours?|minutes?|GB|MB|kB|MiB|GiB|GFLOP(?:/s)?)\b|%|times\b"
NUMBER = r"(?<![\w.])\d[\d,]*(?:\.\d+)?"
MEASURED = re.compile(
    rf"{NUMBER}(?=(?:(?: to| and|,) \d+(?:\.\d+)?)* (?:{UNIT}))|(?<![\w.])\d+\.\d\d+(?![\d.])"
)
BLOCKS = re.compile(r"```.*?```|^    .*?$|^## .*?$|<!-- made by .*?<!-- end -->", re.S | re.M)
INLINE = re.compile(r"`[^`]*`|!\[[^]]*\]|\]\([^)]*\)|doi [\w./]+|arXiv[: ][\d.]+")

STATED = {
    "docs/compare.md": ("side by side at 100 %", "4 times as strong", "4 pixels and 0.05"),
    "docs/demosaic.md": ("count 2.5 times",),
    "docs/deviations.md": ("decay 0.99", "the paper's 30.43 dB", "5 dB above its value"),
    "docs/features.md": ("resized by 0.85", "above 0.99 in"),
    "docs/flash.md": ("4 pixels and 0.05", "at most 3 times"),
    # What the code predicts.
    "docs/large_pictures.md": (
        "11 kB",
        "0.9 to 1.4 kB",
        "276 GB",
        "33 GB",
        "70 % of the free memory",
    ),
    # What the code bounds.
    "docs/security.md": (*("4 GiB", "1 GiB", "64 MiB", "16 MiB", "4 MiB", "1 MiB", "5 seconds"),),
    "docs/noise.md": (
        "more than 2 % of the samples",
        "2.9 times noisier",
        "1.8 times that level",
        "0.7 times as many",
        # 1.5 of 255.
        "44.6 dB from the truth",
    ),
    "docs/performance.md": (
        "may pass 100 %",
        "decay 0.99",
        "every 10 s",
        "same network 2 times as fast",
        "`fast` in 60 s",
        "under 1.5 GB",
        "4 GB for",
        "First step after 5 s",
        "the target is 100 times",
        "betas 0.8 and 0.95",
    ),
    "docs/phase.md": ("at 15 dB", "at 20 dB", "at 30 dB", "at 60 dB"),
    "docs/reconstruct.md": ("is 0.03 of the other", "above 0.01 of", "more than 30 % of"),
    "docs/study.md": (
        "0.0096",
        "(at 0.005 and 0.002)",
        "| 0.03 | 0.02 | 0.01 | 0.005 | 0.002",
        "Steps of 0.003 in place of 0.01",
    ),
    "README.md": ("Python 3.11",),
}
"""Numbers that nobody measured: settings, targets, what others have published."""


def span(values, unit="dB"):
    """The least and the largest, as a page writes them."""
    values = list(values)
    return f"{min(values):.1f} to {max(values):.1f} {unit}"


def volumes():
    rows = RESULTS["volumes"]["rows"]

    def over(task, other):
        scores = {
            (row["method"], row["volume"]): row["psnr"] for row in rows if row["task"] == task
        }
        names = dict.fromkeys(row["volume"] for row in rows)
        return [scores["untrained", name] - scores[other, name] for name in names]

    memory = RESULTS["volumes"]["memory"]
    sizes = {f"{row['measured'] / 1e9:.1f} GB" for row in memory}
    low = sorted(100 * (row["measured"] / row["predicted"] - 1) for row in memory)
    assert len(sizes) == 1
    return [
        f"adds up to {max(over('denoise', 'NL-Ridge of blocks')):.1f} dB",
        f"own slices by {span(over('denoise', 'ut.denoise of every sixth slice'))}",
        "tuned by the truth by " + span(over("denoise", "TV in 3-D, tuned by truth"), "").rstrip(),
        "its slices by " + span(over("inpaint", "ut.inpaint of each slice"), "").rstrip(),
        f"cubic interpolation by {span(over('upscale', 'cubic'), '').rstrip()}",
        f"Cubes of 128 take {sizes.pop()} in bfloat16, {low[0]:.0f} to {low[-1]:.0f} % more",
    ]


def noise():
    real = [row for row in RESULTS["noise"]["rows"] if row["kind"] == "real"]
    phrases = []
    for other in ("CBM3D told", "NLM told"):
        gains = [row["psnr"] - row[other] for row in real]
        phrases.append(f"by {min(gains):.2f} to {max(gains):.2f} dB")
    return phrases


def features():
    rows = {(row["layer"], row["prior"]): row["psnr"] for row in RESULTS["features"]["inversions"]}
    layers = list(dict.fromkeys(layer for layer, _ in rows))
    gains = [rows[layer, "untrained"] - rows[layer, "total variation"] for layer in layers[1:]]
    dreams = [row for row in RESULTS["features"]["dreams"] if row["prior"] == "untrained"]
    worst = min(dreams, key=lambda row: row["least"])
    assert sum(row["least"] > 0.99 for row in dreams) == len(dreams) - 1
    return [
        f"four deeper layers (by {span(gains)})",
        f"{worst['least']:.3f} in the worst view",
    ]


def performance():
    steps = {row["name"]: row for row in RESULTS["speed"]["rows"]}
    reach = RESULTS["speed-reach"]["reach"]
    original, ours = reach["methods"][:2]
    whole = sorted(
        row["seconds"] for row in RESULTS["denoise-fast"]["rows"] if row["width"] == row["height"]
    )[1:]
    inpaint = max(row["seconds"] for row in RESULTS["inpaint-fast"]["rows"])
    rates = RESULTS["speed"]["matrix_rates"]
    firsts = {name: row["first_step_seconds"] for name, row in steps.items()}
    most = max(row["peak_bytes"] for name, row in steps.items() if name.endswith("fast"))
    return [
        f"multiply at {rates['float32'] / 1e9:.0f} GFLOP/s in float32",
        f"at {rates['bfloat16'] / 1e9:.0f} in bfloat16",
        f"The same network is {steps['denoise-paper']['speed_up']:.1f} times as fast",
        f"took one {whole[0]:.0f} s and the other {whole[1]:.0f} s",
        f"in grey took {inpaint:.0f} s",
        f"({most / 1e9:.1f} GB at most",
        f"({steps['denoise-paper']['peak_bytes'] / 1e9:.1f} GB in bfloat16)",
        f"(`inpaint` {firsts['inpaint-fast']:.1f} s)",
        f"(`denoise` {firsts['denoise-fast']:.0f} s)",
        f"(`upscale` {firsts['upscale-fast']:.0f} s)",
        f"would take {steps['original']['projected_full_seconds'] / 3600:.1f} hours",
        f"ends at {reach['target']:.2f} dB after {original['seconds']:.0f} s",
        f"passes that after {ours['seconds_to_target']:.1f} s",
        f"{original['seconds'] / ours['seconds_to_target']:.0f} times sooner",
    ]


def phase():
    mean = RESULTS["phase"]["mean"]
    seconds = [row["seconds"] for row in RESULTS["phase"]["rows"]]

    def over(words, other):
        return [
            each["psnr"] - each[other]
            for setting, each in mean.items()
            if all(word in setting for word in words) and each["psnr"] > each[other]
        ]

    noisy = [*over(["coded", " 15 dB"], "plain"), *over(["coded", " 5 dB"], "plain")]
    guessed = [*over(["coded", " 15 dB"], "guess"), *over(["coded", " 5 dB"], "guess")]
    faint = [
        gain
        for other in ("plain", "constrained")
        for level in ("30 dB", "45 dB")
        for gain in over(["ptychography", level], other)
    ]
    known, unknown = (mean[f"coded, 4 masks, 15 dB{more}"] for more in ("", ", level unknown"))
    (complex_gain,) = over(["ptychography", "complex"], "plain")
    low, high = mean["coded, 4 masks, 60 dB"]["psnr"], mean["coded, 4 masks, 60 dB"]["guess"]
    return [
        f"{min(seconds):.0f} to {max(seconds):.0f} seconds a fit",
        f"{min(noisy):.0f} to {max(noisy):.0f} dB above Wirtinger flow",
        f"above them it is {min(guessed):.0f} to {max(guessed):.0f} dB",
        f"at 30 dB {over(['coded', '30 dB'], 'guess')[0]:.0f}.",
        f"the initial guess is at {high:.0f} dB and the fit at {low:.0f}",
        f"{known['psnr'] - unknown['psnr']:.1f} dB are lost",
        f"gains {span(faint)} above",
        f"gain least, {complex_gain:.1f} dB",
    ]


def studies():
    overfit = STUDIES["overfit"]["numbers"]
    verdicts = " ".join(study["verdict"] for study in STUDIES.values())
    rough = re.search(r"roughness (0\.\d\d, 0\.\d\d, 0\.\d\d)", verdicts)[1]
    skips = re.search(r"finer scales \((0\.\d\d)\)", verdicts)[1]
    shares = re.findall(r"\(\d+ %\)", STUDIES["freedom"]["verdict"])
    fills = re.findall(
        r"(?:depth \d|skips|U-Net|ResNet) (\d\d\.\d)", STUDIES["architectures"]["verdict"]
    )
    scattered, holes = fills[:6], fills[6:]
    rise = overfit["peak_psnr"] - overfit["psnr_of_noisy"]
    return [
        f"rises to {overfit['peak_psnr']:.2f} dB at step {overfit['peak_step']}",
        f"{rise:.1f} dB above the noisy picture",
        f"falls to {overfit['last_psnr']:.2f} dB at step {overfit['last_step']}",
        f"roughness {rough} at depth",
        f"roughness {skips})",
        *(f"{share} at" for share in shares[1:]),
        f"scattered | {' | '.join(scattered)}",
        f"holes | {' | '.join(holes)}",
        f"depth helps ({', '.join(holes[:3])} dB)",
        f"({scattered[1]} dB)",
        *(f"| `{name}` | {study['seconds']:.0f} |" for name, study in STUDIES.items()),
    ]


def gallery():
    return [
        f"{row['other']} {row['best other']:.2f}, ours {row['untrained']:.2f}."
        for row in RESULTS["gallery"]["rows"]
    ]


def changelog():
    whole = sorted(
        row["seconds"] for row in RESULTS["denoise-fast"]["rows"] if row["width"] == row["height"]
    )[1:]
    return [f"{whole[0]:.0f} s and {whole[1]:.0f} s for `denoise`"]


CLAIMS = {
    "docs/features.md": features,
    "docs/gallery.md": gallery,
    "docs/noise.md": noise,
    "docs/performance.md": performance,
    "docs/phase.md": phase,
    "docs/study.md": studies,
    "docs/volumes.md": volumes,
    "CHANGELOG.md": changelog,
}


def read(page):
    return (table.ROOT / page).read_text()


def flat(text):
    return " ".join(text.split())


def unexplained(page):
    """The measured numbers of a page that neither a made table nor a phrase holds."""
    claims = CLAIMS[page]() if page in CLAIMS else []
    text = flat(BLOCKS.sub("", read(page)))
    for phrase in sorted([*claims, *STATED.get(page, ())], key=len, reverse=True):
        text = text.replace(phrase, "")
    text = INLINE.sub("", text)
    return [text[max(0, m.start() - 40) : m.end() + 20] for m in MEASURED.finditer(text)]


@pytest.mark.parametrize("page", CLAIMS)
def test_what_a_page_says_of_its_results_is_what_they_say(page):
    text = flat(read(page))
    assert [phrase for phrase in CLAIMS[page]() if phrase not in text] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_measured_number_of_a_page_stands_in_a_result(page):
    assert unexplained(page) == []


@pytest.mark.parametrize("page", STATED)
def test_no_number_is_listed_that_a_page_no_longer_says(page):
    text = flat(read(page))
    assert [phrase for phrase in STATED[page] if phrase not in text] == []


@pytest.mark.parametrize("page", PAGES)
def test_the_tables_of_a_page_are_those_of_the_results(page):
    if page != "README.md":
        assert pages.filled(read(page), RESULTS) == read(page)


def test_a_number_that_nobody_measured_is_seen():
    for words in ("took 113 s with", "was 36.00 dB", "| 36.23 | 1 |", "12 % more", "by 2 to 5 dB"):
        assert MEASURED.search(words), words
    for words in ("3 slices of 256x256", "step 240 of 400", "version 2.13.0"):
        assert not MEASURED.search(words), words
