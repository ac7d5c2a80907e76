from importlib.metadata import EntryPoint, EntryPoints

import pytest

from variants import registry
from variants.declared import declared_options
from variants.errors import BadRequest
from variants.registry import Component, components, find, options, resolve_options


@pytest.mark.parametrize("component", components().values(), ids=lambda c: f"{c.slot}.{c.name}")
def test_options_listed_from_source_are_those_of_the_signature(component: Component) -> None:
    listed = [text.partition(":")[0] for text in declared_options(component)]
    assert listed == list(options(component))


def test_listed_options_show_type_and_default() -> None:
    assert "alpha: int = 2" in declared_options(find("context", "dapf"))


def test_an_unknown_slot_is_refused_with_what_is_near() -> None:
    with pytest.raises(BadRequest, match="no slot 'contxt'; did you mean context"):
        find("contxt", "dapf")


def test_an_unknown_component_is_refused_with_what_is_near() -> None:
    with pytest.raises(BadRequest, match="no context component 'dafp'; did you mean dapf"):
        find("context", "dafp")


def test_an_unknown_option_is_refused_with_what_is_near() -> None:
    with pytest.raises(BadRequest, match="context dapf: no option 'alhpa'; did you mean alpha"):
        resolve_options(find("context", "dapf"), {"alhpa": 2})


def test_an_option_of_a_component_without_options_is_refused() -> None:
    with pytest.raises(BadRequest, match="context none: no option 'alpha'; it has no options"):
        resolve_options(find("context", "none"), {"alpha": 2})


def test_defaults_fill_what_is_not_given() -> None:
    assert resolve_options(find("context", "dapf"), {"alpha": 4}) == {
        "alpha": 4,
        "rates": [12, 24, 36],
    }


class Strip:
    def __init__(self, channels: int, *, bins: int) -> None: ...


def _register(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    point = EntryPoint(name, value, registry.ENTRY_POINT_GROUP)
    monkeypatch.setattr("variants.registry.registered", lambda _group: EntryPoints([point]))
    components.cache_clear()
    monkeypatch.setattr(registry, "components", components.__wrapped__)


def test_an_option_without_default_must_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    _register(monkeypatch, "context.strip", f"{__name__}:Strip")
    with pytest.raises(BadRequest, match="context strip: option bins must be given"):
        resolve_options(find("context", "strip"), {})


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("strip", "registered as slot.name.*got 'strip'"),
        ("pool.strip", "registered as slot.name.*got 'pool.strip'"),
        ("context.dapf", "context.dapf must not be registered twice"),
    ],
)
def test_a_malformed_or_taken_registration_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, rule: str
) -> None:
    _register(monkeypatch, name, "somewhere:Strip")
    with pytest.raises(BadRequest, match=rule):
        registry.components()


def test_a_registration_that_cannot_be_imported_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _register(monkeypatch, "context.strip", "no_such_module:Strip")
    with pytest.raises(
        BadRequest, match=r"context strip: no_such_module:Strip .* must be importab"
    ):
        find("context", "strip").load()
