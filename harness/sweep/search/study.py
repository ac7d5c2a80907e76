"""Optuna's study as a search sees it: trials that propose variants, and what became of each."""

from __future__ import annotations

import hashlib
import json
import random
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.errors import BadRequest
from harness.sweep.combinations import Combinations
from harness.sweep.definition import Definition
from harness.sweep.plan import Key
from harness.sweep.search.aim import Aim, Figures
from harness.sweep.search.space import Space
from harness.sweep.search.storage import Presence

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial, Trial

_MARK = "harness"  # attribute of a trial: number, key, variant, and which process has it
_IDENTITY = "harness sweep"  # attribute of the study: hashes of what it is about
_FIXED = (
    *("variants", "catalogs", "sizes", "grid", "zips", "when", "exclude", "timing", "batch"),
    *("pareto", "proxies", "constraints", "device"),
)
_PLACE = "harness results"  # attribute of the study: which folder has the records, and where it was
_JOINED = "harness processes"  # attribute of the study: how many have taken part so far
NOT_BUILT, NOT_MEASURED, EXCLUDED = "can be built", "can be measured", "is not excluded"
"""Constraints that a trial misses which no record has figures of."""


class Asked(NamedTuple):
    """A trial, and the number of the combination that it proposes."""

    trial: Trial
    number: int


@dataclass(frozen=True)
class Outcome:
    """What became of a variant.

    Attributes:
        number: Of its combination.
        variant: Its name.
        excess: By how much it misses each constraint.
        values: Of the goals; null where one is unknown or was not worth measuring.
    """

    number: int
    variant: str
    excess: Mapping[str, float]
    values: tuple[float, ...] | None

    @property
    def feasible(self) -> bool:
        """Whether it meets every constraint and all that is looked for is known of it."""
        return self.values is not None and all(excess <= 0 for excess in self.excess.values())


@dataclass
class Standing:
    """How a study stands.

    Attributes:
        trials: How many were told, repeats and what cannot be built included.
        outcomes: What became of each variant.
        in_flight: Variants that another process is measuring.
        left: Trials of processes that died, to be taken over.
    """

    trials: int = 0
    outcomes: dict[Key, Outcome] = field(default_factory=dict)
    in_flight: set[Key] = field(default_factory=set)
    left: list[tuple[Asked, Key]] = field(default_factory=list)


class Study:
    """The study of a search.

    Args:
        definition: The sweep.
        aim: What is looked for.
        combinations: Of the sweep.
        storage: Where the study is kept.
        presence: This process.
        device: Name of the device that is timed; null for none.
        resume: Whether the study may exist already.

    Raises:
        BadRequest: If it exists though it may not, is of another sweep, or its records are not
            here.
    """

    def __init__(
        self,
        definition: Definition,
        aim: Aim,
        combinations: Combinations,
        storage: BaseStorage,
        presence: Presence,
        *,
        device: str | None,
        resume: bool,
    ) -> None:
        import optuna

        assert definition.search is not None
        self._aim = aim
        self._space = Space(combinations)
        self._presence = presence
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        with presence.turn():
            if not resume and definition.name in optuna.get_all_study_names(storage):
                raise BadRequest(
                    f"search: the study {definition.name} must be new, got one that exists; "
                    "--resume goes on with it, --name gives it another name"
                )
            self._study = _joined(definition, aim, storage, device)
            self._check_place()
            joined = self._study.user_attrs.get(_JOINED, 0)
            self._study.set_user_attr(_JOINED, joined + 1)
        search = definition.search
        # A process that goes on, or joins, must not draw what another has drawn.
        seed = random.Random(f"{search.seed} {joined}").getrandbits(32)
        with _as_it_is():
            self._study.sampler = _sampler(search.sampler, seed, search.trials)

    def _check_place(self) -> None:
        """Refuse to go on where the records are not: all other processes would look dead there."""
        here = {"id": self._presence.place, "folder": str(self._presence.folder.resolve())}
        known = self._study.user_attrs.get(_PLACE)
        if known is None:
            self._study.set_user_attr(_PLACE, here)
        elif known["id"] != here["id"]:
            raise BadRequest(
                f"search: the study {self._study.study_name} must go on beside its records, in "
                f"{known['folder']}, got {here['folder']} without them; "
                "--name gives it another name"
            )

    def ask(self, number: int | None = None) -> Asked:
        """Return a new trial.

        Args:
            number: The combination that it shall propose; null for the sampler's choice.
        """
        if number is not None:
            self._study.enqueue_trial(self._space.parameters(number))
        trial = self._study.ask()
        _ = trial.relative_params  # now, so that it has a generation whatever it proposes
        return Asked(trial, self._space.suggest(trial))

    def mark(self, asked: Asked, key: Key, variant: str) -> None:
        """Note which variant a trial is of, and that this process has it."""
        said = {"number": asked.number, "variant": variant, "process": self._presence.name}
        asked.trial.set_user_attr(_MARK, said | {"key": [key.spec.hex(), key.height, key.width]})

    def tell(self, asked: Asked, figures: Figures, pending: frozenset[str] = frozenset()) -> None:
        """Tell what was measured of a trial's variant.

        Args:
            asked: The trial.
            figures: Of the variant.
            pending: Columns that were not worth measuring.
        """
        values = self._aim.values(figures)
        self._tell(asked.trial, self._aim.excess(figures, pending), values)

    def tell_without(self, asked: Asked, missed: str) -> None:
        """Tell that a trial has no figures: it misses `missed`, one of the constants above."""
        self._tell(asked.trial, {missed: 1.0}, None)

    def tell_again(self, asked: Asked, outcome: Outcome) -> None:
        """Tell what is known of a variant that was proposed before."""
        self._tell(asked.trial, outcome.excess, outcome.values)

    def forget(self, asked: Asked) -> None:
        """Give a trial up of which nothing can be said; samplers do not look at it."""
        from optuna.trial import TrialState

        self._study.tell(asked.trial, state=TrialState.FAIL)

    def _tell(self, trial: Trial, excess: Mapping[str, float], values: Any) -> None:
        from optuna.trial import TrialState

        for text, by in excess.items():
            if text not in trial.constraints:  # of a trial that was taken over
                trial.set_constraint(text, by)
        if values is None:  # a value of which nobody knows is none, not the worst one
            self._study.tell(trial, state=TrialState.PRUNED)
        else:
            self._study.tell(trial, list(values))

    def standing(self) -> Standing:
        """Return how the study stands; what dead processes have left is settled. Needs the turn."""
        from optuna.trial import TrialState

        found = Standing()
        for trial in self._study.get_trials(deepcopy=False):
            said = trial.user_attrs.get(_MARK)
            found.trials += trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
            if trial.state == TrialState.RUNNING:
                self._settle(found, trial, said)
            elif said is not None and trial.state != TrialState.FAIL:
                values = None if trial.state == TrialState.PRUNED else tuple(trial.values)
                outcome = Outcome(said["number"], said["variant"], trial.constraints, values)
                found.outcomes[_key(said)] = outcome  # of what was tried again the last
        return found

    def _settle(self, found: Standing, trial: FrozenTrial, said: Any) -> None:
        from optuna.trial import Trial, TrialState

        if said is None:  # who asked for it died before it had proposed anything
            self._study.tell(trial.number, state=TrialState.FAIL)
        elif self._presence.is_alive(said["process"]):
            found.in_flight.add(_key(said))
        else:
            taken = Trial(self._study, trial._trial_id)
            found.left.append((Asked(taken, said["number"]), _key(said)))


def _key(said: Mapping[str, Any]) -> Key:
    spec, height, width = said["key"]
    return Key(bytes.fromhex(spec), height, width)


def identity(definition: Definition, device: str | None) -> dict[str, str]:
    """Return what a study cannot change, a hash of each part: spaces and figures must not mix.

    Args:
        definition: The sweep.
        device: Name of the device that is timed; null for none.
    """
    data = definition.to_dict()
    data |= {"constraints": data["search"]["constraints"], "device": device}
    parts = {name: json.dumps(data.get(name), sort_keys=True) for name in _FIXED}
    return {name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in parts.items()}


def _joined(definition: Definition, aim: Aim, storage: BaseStorage, device: str | None) -> Any:
    """Return the study of a sweep, made if there is none.

    Raises:
        BadRequest: If it is of another sweep.
    """
    import optuna

    name = definition.name
    directions: list[Any] = [f"{better}imize" for better in aim.goals.values()]
    study = optuna.create_study(
        storage=storage, study_name=name, directions=directions, load_if_exists=True
    )
    ours = identity(definition, device)
    theirs = study.user_attrs.get(_IDENTITY)
    if theirs is None:
        study.set_user_attr(_IDENTITY, ours)
        with _as_it_is():
            study.set_metric_names(list(aim.goals))
    elif theirs != ours:
        other = ", ".join(part for part in ours if theirs.get(part) != ours[part])
        raise BadRequest(
            f"search: the study {name} must be of the same sweep, got another {other}; "
            "--name gives it another name"
        )
    return study


@contextmanager
def _as_it_is() -> Iterator[None]:
    """Keep Optuna from warning the user of what may change in its next version."""
    from optuna.exceptions import ExperimentalWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield


def _sampler(name: str, seed: int, trials: int) -> BaseSampler:
    from optuna import samplers

    population = min(50, max(10, trials // 8))  # several generations of it
    if name == "nsga2":
        return samplers.NSGAIISampler(seed=seed, population_size=population)
    if name == "nsga3":
        return samplers.NSGAIIISampler(seed=seed, population_size=population)
    if name == "random":
        return samplers.RandomSampler(seed=seed)
    return samplers.TPESampler(seed=seed)
