"""The components by slot and name, and what may be set on each.

A component is a class; its options are the keyword-only arguments of its constructor, with their
annotations as types and their defaults as defaults. The built-in ones are listed here; installed
packages add theirs through the entry-point group `harness.components`, under names such as
`context.strip`. Listing imports none of them, so it needs no torch.
"""

import importlib
import inspect
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from variants.errors import BadRequest, did_you_mean
from variants.installed import registered
from variants.options import check_option

ENTRY_POINT_GROUP = "harness.components"
SLOTS = ("network", "stem", "encoder", "context", "fusion", "decoder", "head")

_BUILT_IN = {
    "network.encoder-decoder": "variants.networks.encoder_decoder:EncoderDecoder",
    "network.bisenet-rn18": "variants.networks.bisenet:BiSeNet",
    "network.contextnet": "variants.networks.contextnet:ContextNet",
    "network.dabnet": "variants.networks.dabnet:DABNet",
    "network.deeplabv3plus": "variants.networks.deeplabv3plus:DeepLabV3Plus",
    "network.df1-seg-d8": "variants.networks.df1_seg:DF1Seg",
    "network.erfnet": "variants.networks.erfnet:ERFNet",
    "network.esnet": "variants.networks.esnet:ESNet",
    "network.espnetv2": "variants.networks.espnetv2:ESPNetV2",
    "network.fast-scnn": "variants.networks.fast_scnn:FastSCNN",
    "network.fasterseg": "variants.networks.fasterseg:FasterSeg",
    "network.icnet": "variants.networks.icnet:ICNet",
    "network.lednet": "variants.networks.lednet:LEDNet",
    "network.pspnet": "variants.networks.pspnet:PSPNet",
    "stem.conv": "variants.components.stem:ConvStem",
    "stem.resnet": "variants.components.resnet:ResNetStem",
    "encoder.hardnet": "variants.components.hardnet:HarDNet",
    "encoder.resnet18": "variants.components.resnet:ResNet18",
    "context.none": "variants.components.blocks:Identity",
    "context.aspp": "variants.components.aspp:ASPP",
    "context.dapf": "variants.components.dapf:DAPF",
    "context.ppm": "variants.components.ppm:PPM",
    "context.spp": "variants.components.swiftnet:SpatialPyramidPooling",
    "context.arm": "variants.components.bisenet:ARM",
    "fusion.none": "variants.components.mda:NoFusion",
    "fusion.mda": "variants.components.mda:MDAFusion",
    "fusion.ffm": "variants.components.bisenet:FFMFusion",
    "decoder.hardblock": "variants.components.decoder:HarDBlockDecoder",
    "decoder.conv": "variants.components.decoder:ConvDecoder",
    "decoder.lateral": "variants.components.swiftnet:LateralDecoder",
    "head.conv": "variants.components.head:ConvHead",
    "head.preactivated": "variants.components.swiftnet:PreactivatedHead",
}


class Component(NamedTuple):
    """A registered component, not yet imported.

    Attributes:
        slot: One of `SLOTS`.
        name: Its name within the slot.
        target: Where its class is, `module:Class`.
        origin: The distribution that registered it.
    """

    slot: str
    name: str
    target: str
    origin: str

    def load(self) -> type:
        """Import and return the class.

        Raises:
            BadRequest: If it cannot be imported.
        """
        module, _, attribute = self.target.partition(":")
        try:
            found = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise BadRequest(
                f"{self.slot} {self.name}: {self.target} of {self.origin} must be importable, "
                f"got {error}"
            ) from error
        return typing.cast(type, found)


@cache
def components() -> Mapping[tuple[str, str], Component]:
    """Return every component by `(slot, name)`: the built-in ones, then installed packages'.

    Raises:
        BadRequest: If a package registers a malformed name, an unknown slot or a name that is
            taken.
    """
    found: dict[tuple[str, str], Component] = {}
    listed = [(key, target, "harness") for key, target in _BUILT_IN.items()]
    for point in registered(ENTRY_POINT_GROUP):
        origin = point.dist.name if point.dist else "an installed package"
        listed.append((point.name, point.value, origin))
    for key, target, origin in listed:
        slot, dot, name = key.partition(".")
        if not (dot and name) or slot not in SLOTS:
            raise BadRequest(
                f"{origin}: a component is registered as slot.name, with slot one of "
                f"{', '.join(SLOTS)}, got {key!r}"
            )
        component = Component(slot, name, target, origin)
        taken = found.setdefault((slot, name), component)
        if taken is not component:
            raise BadRequest(
                f"{origin}: component {key} must not be registered twice, "
                f"got {target} beside {taken.target} of {taken.origin}"
            )
    return found


def find(slot: str, name: str) -> Component:
    """Return the component `name` of `slot`.

    Raises:
        BadRequest: If there is no such slot or component; the message says what is near.
    """
    if slot not in SLOTS:
        raise BadRequest(f"no slot {slot!r}{did_you_mean(slot, SLOTS)}")
    known = components()
    if (slot, name) not in known:
        names = [n for s, n in known if s == slot]
        raise BadRequest(f"no {slot} component {name!r}{did_you_mean(str(name), names)}")
    return known[slot, name]


@cache
def options(component: Component) -> Mapping[str, inspect.Parameter]:
    """Return the options of a component: the keyword-only parameters of its constructor, with
    resolved annotations."""
    cls = component.load()
    hints = typing.get_type_hints(cls.__init__)  # type: ignore[misc]
    parameters = inspect.signature(cls).parameters.values()
    return {
        p.name: p.replace(annotation=hints.get(p.name, Any))
        for p in parameters
        if p.kind is p.KEYWORD_ONLY
    }


def resolve_options(component: Component, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return every option of `component`: those `given`, checked, and the defaults of the rest.

    Raises:
        BadRequest: If an option is unknown, of the wrong type, or missing without a default.
    """
    who = f"{component.slot} {component.name}"
    known = options(component)
    for key in given:
        if key not in known:
            hint = did_you_mean(key, known) or "; it has no options"
            raise BadRequest(f"{who}: no option {key!r}{hint}")
    resolved = {}
    for key, parameter in known.items():
        value = given.get(key, parameter.default)
        if value is inspect.Parameter.empty:
            raise BadRequest(f"{who}: option {key} must be given")
        resolved[key] = check_option(f"{who}: {key}", parameter.annotation, value)
    return resolved
