"""A model as its YAML file defines it: which layers, how wide, what enters. The code of a layer is elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from recsys.configuration import Name, frozen, read_settings
from recsys.faults import BadSettings

Count = Annotated[int, Field(ge=1)]
Dropout = Annotated[float, Field(ge=0, lt=1)]


@frozen
class BiLSTMDefinition:
    """Forward LSTM over the whole prefix, backward LSTM over its last `backward_window` items."""

    kind: Literal["bilstm"] = "bilstm"
    backward_window: Count = 4


@frozen
class RecurrentDefinition:
    """One recurrent layer, forwards only."""

    kind: Literal["recurrent"] = "recurrent"
    cell: Literal["simple", "gru", "lstm"] = "gru"


@frozen
class TransformerDefinition:
    """Causal self-attention and feed-forward blocks, pre-norm."""

    kind: Literal["transformer"] = "transformer"
    blocks: Count = 1
    heads: Count = 2
    feed_forward: Count = 4  # inner width as a multiple of the model's
    positions: Literal["distance", "absolute"] = "distance"  # how far apart two events are, or where in the window each stands


LayerDefinition = Annotated[BiLSTMDefinition | RecurrentDefinition | TransformerDefinition, Field(discriminator="kind")]


@frozen
class InputsDefinition:
    """What enters beside the product itself."""

    behaviours: bool = True  # of the events, and the one that a list should lead to
    gaps: bool = True
    segment: bool = True
    attributes: bool = True


@frozen
class ModelDefinition:
    name: Name
    width: Count = 64  # of embeddings and hidden states
    dropout: Dropout = 0.2
    inputs: InputsDefinition = Field(default_factory=InputsDefinition)
    layers: tuple[LayerDefinition, ...] = Field(default=(BiLSTMDefinition(), TransformerDefinition()), min_length=1)
    head_width: Annotated[int, Field(ge=0)] = 128  # hidden units of the head Linear(ReLU(Linear)); 0 for no head
    copy_path: bool = True  # may repeat products of the user's own history
    trend: bool = True  # products are likelier that many users chose lately
    neighbours: Annotated[int, Field(ge=0)] = 32  # of each product, by how often they came near it, that the follow path knows; 0 for no such path
    likenesses: Annotated[int, Field(ge=0)] = 20  # of each product that the taste path knows: products that the same users have; 0 for no such path
    later_share: Annotated[float, Field(ge=0, le=1)] = 0.5  # targets drawn from later visits, not the next event
    horizon_days: Count = 28  # how far such a target may lie ahead


def read_definition(path: str | Path) -> ModelDefinition:
    """The model that the YAML file at `path` defines.

    Raises:
        BadSettings: a value is not allowed, or does not go with another.
    """
    definition = read_settings(ModelDefinition, path)
    heads = [layer.heads for layer in definition.layers if isinstance(layer, TransformerDefinition) and definition.width % layer.heads]
    if heads:
        raise BadSettings(f"{path}: width = {definition.width} cannot be shared by heads = {heads[0]}; choose a width that the heads divide.")
    return definition
