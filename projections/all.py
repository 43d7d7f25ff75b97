"""Every projection there is: what a follower of this product keeps."""

from typing import Final

from projections.access_trail import AccessTrailProjection
from projections.directory import DirectoryProjection
from projections.notices import NoticesProjection
from projections.projection import Projection
from projections.timeline import TimelineProjection
from projections.worklist import WorklistProjection

ALL_PROJECTIONS: Final[tuple[Projection, ...]] = (
    TimelineProjection(),
    DirectoryProjection(),
    AccessTrailProjection(),
    WorklistProjection(),
    NoticesProjection(),
)
