"""The bench of speed for the command line: check, measure, write, tell."""

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
from untrained.evaluation.speed import outcome, scene
from untrained.evaluation.speed.configurations import CONFIGURATIONS, FAST, ORIGINAL
from untrained.evaluation.speed.figure import draw
from untrained.evaluation.speed.measure import measure
from untrained.evaluation.speed.operations import operations
from untrained.evaluation.speed.probe import probe
from untrained.evaluation.speed.psnr_over_time import Plan, Reached, reach
from untrained.fitting.device import choose_engine
from untrained.fitting.restoration import versions
from untrained.picture.picture import as_picture
from untrained.picture.writing import check_folder_empty, replace_file
from untrained.recipes import Recipe
from untrained.system import machine
from untrained.system.progress import Tell, progress_bars
from untrained.tasks.presets import preset

_ENDLESS = 10**9


@dataclass(frozen=True)
class Request:
    """What ``untrained bench speed`` was asked for."""

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
    """A request with all that was left open decided."""

    size: int
    rounds: int
    reach: bool
    original_steps: int
    target: float | None
    """None: where the original way ends."""
    device: str
    seed: int

    @property
    def command(self) -> str:
        """The command line that measures the same."""
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
        The request is wrong; nothing was written.
    WorkError, OSError
        It failed while working.
    """
    settings = _settled(request)
    clean = scene.clean_picture(settings.size)
    check_folder_empty(request.out, overwrite=request.overwrite)
    found: list[Reached] = []
    with (
        tempfile.TemporaryDirectory() as inputs,
        progress_bars(quiet=request.quiet) as tell,
    ):
        folder = Path(inputs)
        scene.write_inputs(clean, folder, settings.seed)
        told = _measured(settings, folder, tell)
        if settings.reach:
            plan = Plan(settings.seed, settings.device, settings.original_steps)
            truth = as_picture(clean).pixels
            found = reach(FAST.problem(folder), truth, plan, tell)
            target = found[0].points[-1].psnr if settings.target is None else settings.target
            told["reach"] = outcome.reached(found, target)
    _write(request.out, told, found)
    _tell(request, told)
    return 0


def _settled(request: Request) -> Settings:
    """Decide what was left open."""
    for name in ("original_steps", "target"):
        if getattr(request, name) is not None and not request.reach:
            raise RequestError(f"--{name.replace('_', '-')} does nothing without --reach")
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
    for name in ("rounds", "original_steps"):
        if getattr(settings, name) < 1:
            raise RequestError(f"--{name.replace('_', '-')}: give 1 or more")
    if settings.target is not None and not math.isfinite(settings.target):
        raise RequestError(f"target {settings.target}: give a PSNR in dB")
    if not 0 <= settings.seed < 2**63:
        raise RequestError(f"seed {settings.seed} cannot be used: give 0 or more, below 2^63")
    return settings


def _endless(recipe: Recipe) -> Recipe:
    """The same steps, without anything that ends them."""
    fusion = recipe.fusion
    changes: dict[str, Any] = {"steps": _ENDLESS, "stopping": ()}
    if fusion is not None:
        changes["fusion"] = fusion.model_copy(update={"patience": None})
    return recipe.model_copy(update=changes)


def _measured(settings: Settings, folder: Path, tell: Tell) -> dict[str, Any]:
    """Measure every configuration: first in processes of their own, then in turns in this one."""
    seed, device = settings.seed, settings.device
    problems = {way.name: way.problem(folder) for way in CONFIGURATIONS}
    recipes = {way.name: way.recipe(problems[way.name]) for way in CONFIGURATIONS}
    engines = {way.name: way.engine(recipes[way.name], device) for way in CONFIGURATIONS}
    probed = {}
    for done, way in enumerate(CONFIGURATIONS):
        tell("start-up and memory", done / len(CONFIGURATIONS))
        probed[way.name] = probe(way.name, folder, device=device, seed=seed)
    tell("start-up and memory", 1.0)
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
        tell=lambda share: tell("steps in turns", share),
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


def _write(folder: Path, told: dict[str, Any], found: list[Reached]) -> None:
    folder.mkdir(exist_ok=True)
    curve = folder / "curve.png"
    if found:
        size = told["settings"]["size"]
        heading = f"denoise, sigma {told['settings']['sigma']}, {size}x{size}"
        replace_file(curve, draw(found, told["reach"]["target"], heading))
    else:
        curve.unlink(missing_ok=True)
    content = json.dumps(told, indent=2, allow_nan=False) + "\n"
    replace_file(folder / "speed.json", content.encode())


def _tell(request: Request, told: dict[str, Any]) -> None:
    if not request.quiet:
        console = Console()
        console.print(outcome.table_of_steps(told["rows"]))
        console.print(outcome.table_of_runs(told["rows"]))
        if told["reach"] is not None:
            console.print(outcome.table_of_reach(told["reach"]))
            for each in told["reach"]["skipped"]:
                console.print(f"{each['title']}: {each['why']}", highlight=False, soft_wrap=True)
        sys.stdout.write(f"the numbers are in {request.out / 'speed.json'}\n")
    if request.json:
        sys.stdout.write(json.dumps(told | {"out": str(request.out)}, allow_nan=False) + "\n")
