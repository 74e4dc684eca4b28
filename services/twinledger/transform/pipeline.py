"""Transform: its pipeline. Pure: a record in, an observation, a skip or a dead letter out; it never waits.

decode source record -> read document -> build observation
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from twinledger.kernel.errors import PermanentError
from twinledger.mapping.entity_model import EntityModel
from twinledger.mapping.lens import ObjectMapping
from twinledger.road.broker import OutRecord, Received
from twinledger.road.codec import Codec
from twinledger.road.outcome import DeadLetter, Ok, Outcome, Skip
from twinledger.transform.steps.build_observation import build_observation
from twinledger.transform.steps.decode_source_record import decode_source_record
from twinledger.transform.steps.read_document import read_document

__all__ = ["TransformPipeline"]


@dataclass(frozen=True, slots=True)
class TransformPipeline:
    """Handler of the stateless runner for the source-records topic."""

    mappings: Mapping[str, ObjectMapping]
    models: Mapping[str, EntityModel]
    codec: Codec

    def handle(self, batch: Sequence[Received]) -> Sequence[Outcome[Sequence[OutRecord]]]:
        """A verdict for each record, in order."""
        return [self._judge(received) for received in batch]

    def _judge(self, received: Received) -> Outcome[Sequence[OutRecord]]:
        definition = ""
        try:
            source = decode_source_record(received, self.codec)
            mapping = self.mappings.get(source.object)
            if mapping is None:
                return DeadLetter(
                    "mapping", "mapping", f"no mapping for {source.object!r}", rule=source.object
                )
            definition = mapping.definition
            reading = read_document(source, mapping)
            if reading is None:
                return Skip("not_accepted")
            return Ok([build_observation(source, reading, definition, self.models, self.codec)])
        except PermanentError as error:
            return replace(DeadLetter.of(error), mapping_version=definition)
