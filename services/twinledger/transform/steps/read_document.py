"""Transform, step 2 of 3: the vendor's document becomes canonical fields, by its mapping.

In: SourceRecord    Out: Reading; None when the document is no such entity; or MappingError
"""

from __future__ import annotations

from twinledger.mapping.document import decode
from twinledger.mapping.errors import MappingError
from twinledger.mapping.lens import ObjectMapping, Reading
from twinledger.transform.source_record import SourceRecord

__all__ = ["read_document"]


def read_document(source: SourceRecord, mapping: ObjectMapping) -> Reading | None:
    """Of a record that is gone only that is known."""
    if source.gone:
        return Reading(mapping.entity, source.external_id, None, {})
    document = decode(source.document or b"")
    if not mapping.accepts(document):
        return None
    reading = mapping.read(document)
    if reading.external_id != source.external_id:
        raise MappingError("the document is another record's", field="id", external_id=source.external_id)
    return reading
