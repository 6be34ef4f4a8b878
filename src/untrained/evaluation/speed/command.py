"""The speed bench for the command line: check, measure, write, print."""

import json
import math
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from untrained.errors import RequestError
from untrained.evaluation.plain_json import as_json
from untrained.evaluation.speed import outcome, scene
from untrained.evaluation.speed.configurations import CONFIGURATIONS, FAST, ORIGINAL
from untrained.evaluation.speed.figure import draw
from untrained.evaluation.speed.measure import measure
from untrained.evaluation.speed.operations import operations
from untrained.evaluation.speed.probe import probe
from untrained.evaluation.speed.psnr_over_time import Plan, Reached, reach
from untrained.fitting.device import choose_engine
from untrained.fitting.restoration import versions
from untrained.picture.taking import as_picture
from untrained.recipes import Recipe
from untrained.system import machine
from untrained.system.output_files import shown
from untrained.system.owned_folder import Kind, OwnedFolder, claimed
from untrained.system.progress import Tell, progress_bars
from untrained.system.rescue import keep_files
from untrained.system.signals import finished_first
from untrained.tasks.presets import preset

_ENDLESS = 10**9
_MOST_ROUNDS, _MOST_STEPS = 1000, 10**6
_BENCH = Kind("a speed bench", ("speed.json", "curve.png").__contains__, "--out")


@dataclass(frozen=True)
class Request:
    """The arguments of ``untrained bench speed``."""

    out: Path
    size: int | None = None
    rounds: int | None = None
    quick: bool = False
    reach: bool = False
    original_steps: int | None = None
    target: float | None = None
    device: str = "auto"
    seed: int = 0
    overwrite: bool = False
    json: bool = False
    quiet: bool = False


@dataclass(frozen=True)
class Settings:
    """A request with all defaults filled in."""

    size: int
    rounds: int
    reach: bool
    original_steps: int
    target: float | None
    """PSNR in dB; None: that of the original way at its end."""
    device: str
    seed: int

    @property
    def command(self) -> str:
        """The command line that repeats the measurement."""
        words = f"untrained bench speed --size {self.size} --rounds {self.rounds}"
        if self.reach:
            words += f" --reach --original-steps {self.original_steps}"
            words += "" if self.target is None else f" --target {self.target:g}"
        return f"{words} --device {self.device} --seed {self.seed}"


def run_speed(request: Request) -> int:
    """Measure and write the folder; return the exit status 0.

    Raises
    ------
    RequestError
        If the request is wrong; nothing was written.
    WorkError, OSError
        If the work fails.
    """
    settings = _settled(request)
    clean = scene.clean_picture(settings.size)
    with claimed(request.out, _BENCH, overwrite=request.overwrite) as owned:
        return _run(request, settings, clean, owned)


def _run(request: Request, settings: Settings, clean: Any, owned: OwnedFolder) -> int:
    found: list[Reached] = []
    with (
        tempfile.TemporaryDirectory() as inputs,
        progress_bars(quiet=request.quiet) as report_progress,
    ):
        folder = Path(inputs)
        scene.write_inputs(clean, folder, settings.seed)
        results = _measured(settings, folder, report_progress)
        if settings.reach:
            plan = Plan(settings.seed, settings.device, settings.original_steps)
            truth = as_picture(clean).pixels
            found = reach(FAST.problem(folder), truth, plan, report_progress)
            target = found[0].points[-1].psnr if settings.target is None else settings.target
            results["reach"] = outcome.reached(found, target)
    files = _files(results, found)
    with finished_first(f"the bench was done and is in {request.out}"):
        try:
            owned.write(files)
        except (OSError, RequestError) as error:
            raise keep_files(owned.path, files, error) from error
        _print_results(request, results)
    return 0


def _settled(request: Request) -> Settings:
    """Fill in the defaults and check the settings."""
    for name in ("original_steps", "target"):
        if getattr(request, name) is not None and not request.reach:
            raise RequestError(
                f"--{name.replace('_', '-')} has no effect without --reach: add --reach"
            )
    paper = 60 if request.quick else preset(ORIGINAL.task, ORIGINAL.preset).steps
    settings = Settings(
        size=(128 if request.quick else 512) if request.size is None else request.size,
        rounds=(2 if request.quick else 5) if request.rounds is None else request.rounds,
        reach=request.reach,
        original_steps=paper if request.original_steps is None else request.original_steps,
        target=request.target,
        device=choose_engine(request.device).device.type,
        seed=request.seed,
    )
    for name, most in (("rounds", _MOST_ROUNDS), ("original_steps", _MOST_STEPS)):
        if not 1 <= getattr(settings, name) <= most:
            raise RequestError(
                f"--{name.replace('_', '-')} {getattr(settings, name)}: give 1 to {most}"
            )
    if settings.target is not None and not math.isfinite(settings.target):
        raise RequestError(f"target {settings.target}: give a PSNR in dB")
    if not 0 <= settings.seed < 2**63:
        raise RequestError(f"seed {settings.seed} cannot be used: give 0 or more, below 2^63")
    return settings


def _endless(recipe: Recipe) -> Recipe:
    """Remove the budget and all stop rules; the steps stay the same."""
    fusion = recipe.fusion
    changes: dict[str, Any] = {"steps": _ENDLESS, "stopping": ()}
    if fusion is not None:
        changes["fusion"] = fusion.model_copy(update={"patience": None})
    return recipe.model_copy(update=changes)


def _measured(settings: Settings, folder: Path, report_progress: Tell) -> dict[str, Any]:
    """Measure every configuration: first in separate processes, then by turns in this one."""
    seed, device = settings.seed, settings.device
    problems = {way.name: way.problem(folder) for way in CONFIGURATIONS}
    recipes = {way.name: way.recipe(problems[way.name]) for way in CONFIGURATIONS}
    engines = {way.name: way.engine(recipes[way.name], device) for way in CONFIGURATIONS}
    probed = {}
    for done, way in enumerate(CONFIGURATIONS):
        report_progress("start-up and memory", done / len(CONFIGURATIONS))
        probed[way.name] = probe(way.name, folder, device=device, seed=seed)
    report_progress("start-up and memory", 1.0)
    fits = {
        way.name: way.begin(
            problems[way.name],
            _endless(recipes[way.name]),
            seed=seed,
            device=device,
        )
        for way in CONFIGURATIONS
    }
    measured = measure(
        fits,
        tuple(sorted({engine.precision for engine in engines.values()})),
        rounds=settings.rounds,
        device=engines[ORIGINAL.name].device,
        report_progress=lambda share: report_progress("steps by turns", share),
    )
    return {
        "bench": "speed",
        "command": settings.command,
        "settings": {
            "size": settings.size,
            "rounds": settings.rounds,
            "seed": seed,
            "device": device,
            "sigma": round(255 * scene.SIGMA),
            "original_steps": settings.original_steps if settings.reach else None,
        },
        "machine": _machine(engines[ORIGINAL.name].device),
        "matrix_rates": outcome.rates(measured),
        "matrix_rates_each_round": measured.rates,
        "rows": [
            outcome.row(
                way,
                recipes[way.name],
                engines[way.name],
                operations(problems[way.name], recipes[way.name]),
                measured,
                probed[way.name],
            )
            for way in CONFIGURATIONS
        ],
        "reach": None,
    }


def _machine(device: torch.device) -> dict[str, Any]:
    gpu = device.type == "cuda"
    return {
        **versions(),
        "processor": machine.processor(),
        "threads": torch.get_num_threads(),
        "memory_bytes": machine.memory().total,
        "device": device.type,
        "gpu": torch.cuda.get_device_name(device) if gpu else None,
        "commit": machine.commit(),
    }


def _files(results: dict[str, Any], found: list[Reached]) -> dict[str, bytes]:
    files = {"speed.json": as_json(results)}
    if found:
        size = results["settings"]["size"]
        heading = f"denoise, sigma {results['settings']['sigma']}, {size}x{size}"
        files["curve.png"] = draw(found, results["reach"]["target"], heading)
    return files


def _print_results(request: Request, results: dict[str, Any]) -> None:
    if not request.quiet:
        console = Console()
        console.print(outcome.table_of_steps(results["rows"]))
        console.print(outcome.table_of_runs(results["rows"]))
        if results["reach"] is not None:
            console.print(outcome.table_of_reach(results["reach"]))
            for each in results["reach"]["skipped"]:
                console.print(f"{each['title']}: {each['why']}", highlight=False, soft_wrap=True)
        sys.stdout.write(f"the numbers are in {shown(request.out / 'speed.json')}\n")
    if request.json:
        sys.stdout.write(json.dumps(results | {"out": str(request.out)}, allow_nan=False) + "\n")
