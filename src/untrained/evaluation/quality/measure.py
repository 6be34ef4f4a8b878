"""Measures one picture of a bench: PSNR and seconds of ours and of the peers."""

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from untrained.baselines.registry import baselines
from untrained.evaluation.compare import Row, run_peer, run_total_variation
from untrained.evaluation.quality.cases import Case
from untrained.fitting.restoration import versions
from untrained.fitting.restore import watch
from untrained.fitting.stopping import holds_out
from untrained.recipes import Recipe
from untrained.system import machine
from untrained.system.progress import Tell
from untrained.tasks.presets import preset

_CHEAP = ("bicubic", "nearest", "joint-bilateral")
"""Peers that always run: the minimum that ours must beat."""

_EVERY = 10
"""Steps between two PSNR values during a fit."""


@dataclass(frozen=True)
class Plan:
    """How to measure all pictures."""

    preset: str
    seed: int = 0
    device: str = "auto"
    peers: bool = False
    """Whether to run total variation and every other installed method."""
    gap: bool = False
    """Whether to measure the PSNR lost by the stop rule: judge the picture during the fit and, if a
    rule stopped it, during a second fit that runs to the end of the budget."""


def measure(case: Case, plan: Plan, report_progress: Tell) -> dict[str, Any]:
    """Restore one picture.

    Returns
    -------
    A row of the JSON file: PSNR of the exported samples, wall-clock seconds, steps, and the PSNR of
    each peer by title. Infinite values are None.
    """
    started = time.perf_counter()
    fit = watch(case.problem, plan.preset, seed=plan.seed, device=plan.device)
    judging, seen, steps = 0.0, [], 0
    for step in fit:
        report_progress(case.name, step.progress)
        if not plan.gap or step.stage != "network":
            continue
        steps += 1
        if steps % _EVERY == 0 or fit.network_stop is not None:
            paused = time.perf_counter()
            seen.append((steps, _network_psnr(case, step.average)))
            judging += time.perf_counter() - paused
    result = fit.restoration()
    took = time.perf_counter() - started - judging
    row: dict[str, Any] = {
        "picture": case.name,
        "variant": case.problem.variant,
        "height": result.restored.height,
        "width": result.restored.width,
        "psnr": _judged(case, result.image),
        "seconds": round(took, 1),
        "steps": result.steps,
        "stopped": result.stopped,
        "notes": list(result.notes),
    }
    row["kept"] = _kept(case, result.restored.stored)
    if result.uncertainty is not None:
        row["covered"] = _covered(result.image, case.truth, result.uncertainty)
    if seen and fit.network_stop is not None:
        seen += _beyond(case, plan, result.recipe, steps, report_progress)
        own = _network_psnr(case, fit.network_stop.picture)
        row["stopping"] = _gap(seen, fit.network_stop.step, own)
    return row | _others(case, plan, result.recipe, report_progress)


def _network_psnr(case: Case, image: Tensor) -> float:
    """Compute the PSNR of the networks' picture alone, as if it were the result."""
    return case.judge(case.problem.render(image).pixels)


def _beyond(
    case: Case, plan: Plan, recipe: Recipe, done: int, report_progress: Tell
) -> list[tuple[int, float]]:
    """Compute the PSNR at the steps after the stop: run the same fit again to its budget."""
    if done >= recipe.steps or recipe.ensemble_size > 1:
        return []
    # Keep rules that hold data out: without them the fit would differ.
    keep = tuple(rule for rule in recipe.stopping if holds_out(rule))
    changes: dict[str, Any] = {"stopping": keep}
    if recipe.fusion is not None:
        changes["fusion"] = recipe.fusion.model_copy(update={"patience": None})
    unstopped = recipe.model_copy(update=changes)
    if unstopped == recipe:
        return []
    seen, steps = [], 0
    for step in watch(case.problem, unstopped, seed=plan.seed, device=plan.device):
        report_progress(f"{case.name}, after its stop", step.progress)
        steps += step.stage == "network"
        if step.stage == "network" and steps > done and steps % _EVERY == 0:
            seen.append((steps, _network_psnr(case, step.average)))
    return seen


def _covered(image: Tensor, truth: Tensor, deviation: Tensor) -> float:
    """Compute the share of samples within two deviations of the truth, if deviation > 0."""
    doubtful = (deviation > 0).expand_as(image)
    within = ((image - truth).abs() <= 2 * deviation)[doubtful]
    return round(float(within.float().mean()), 4)


def _gap(seen: list[tuple[int, float]], chosen: int, own: float) -> dict[str, Any]:
    """Compute how many dB the best step is above the chosen one, network only."""
    best, most = max(seen, key=lambda point: point[1])
    return {"best_step": best, "chosen_step": chosen, "gap": round(most - own, 3)}


def _kept(case: Case, restored: "np.ndarray[Any, Any]") -> bool | None:
    """Return whether the known pixels are unchanged; None if the task keeps no pixels."""
    if case.problem.rendering.kept is None:
        return None
    kept = case.problem.rendering.kept[0].permute(1, 2, 0).cpu().numpy()
    known = np.broadcast_to(kept, restored.shape)
    return bool(np.array_equal(restored[known], case.problem.picture.stored[known]))


def _others(case: Case, plan: Plan, recipe: Recipe, report_progress: Tell) -> dict[str, Any]:
    """Compute PSNR and seconds of the input and of the peers."""
    problem = case.problem
    others: dict[str, Any] = {"peers": {}, "skipped": {}}
    whole = (problem.picture.channels, *problem.size)
    if problem.rendering.filled is None and tuple(problem.measurement.y.shape[1:]) == whole:
        others["peers"]["input"] = {"psnr": _judged(case, problem.picture.pixels)}
    listed = baselines(problem.task, steps=recipe.steps, seed=plan.seed)
    if not plan.peers:
        listed = tuple(peer for peer in listed if peer.name in _CHEAP)
    rows = [run_peer(peer, problem) for peer in listed]
    if plan.peers:
        report_progress("peers", 0.0)
        rows.append(run_total_variation(problem, plan.device, plan.seed))
        report_progress("peers", 1.0)
    for row in rows:
        if row.picture is None:
            others["skipped"][row.title] = "; ".join(row.notes)
        else:
            others["peers"][row.title] = _measured(case, row, row.picture.pixels)
    return others


def _measured(case: Case, row: Row, image: Tensor) -> dict[str, float | None]:
    seconds = None if row.seconds is None else round(row.seconds, 2)
    return {"psnr": _judged(case, image), "seconds": seconds}


def _judged(case: Case, image: Tensor) -> float | None:
    value = case.judge(image)
    return round(value, 3) if math.isfinite(value) else None


def account(
    task: str, plan: Plan, rows: list[dict[str, Any]], *, command: str, pictures: str
) -> dict[str, Any]:
    """Collect the contents of the JSON file: settings (but the strength), means, pictures."""
    return {
        "bench": "quality",
        "command": command,
        "task": task,
        "pictures": pictures,
        "preset": plan.preset,
        "machine": {
            **versions(),
            "processor": machine.processor(),
            "threads": str(torch.get_num_threads()),
            "commit": machine.commit() or "unknown",
        },
        "recipe": preset(task, plan.preset, variant=rows[0]["variant"]).model_dump(mode="json"),
        "mean": _means(rows),
        "rows": rows,
    }


def _means(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Compute mean PSNR and seconds of ours and of every peer that restored all pictures."""
    titles = [title for title in rows[0]["peers"] if all(title in row["peers"] for row in rows)]
    peers = {title: _mean([row["peers"][title] for row in rows]) for title in titles}
    found: dict[str, Any] = _mean(rows) | {"peers": peers}
    gaps = [row["stopping"]["gap"] for row in rows if "stopping" in row]
    if gaps:
        found["gap"] = {"mean": round(sum(gaps) / len(gaps), 3), "worst": max(gaps)}
    covered = [row["covered"] for row in rows if "covered" in row]
    if covered:
        found["covered"] = round(sum(covered) / len(covered), 4)
    return found


def _mean(rows: list[dict[str, Any]]) -> dict[str, float | None]:
    """Compute the mean PSNR and seconds; None if a row lacks the value."""
    found: dict[str, float | None] = {}
    for key in ("psnr", "seconds"):
        values = [row[key] for row in rows if row.get(key) is not None]
        found[key] = round(sum(values) / len(values), 3) if len(values) == len(rows) else None
    return found
