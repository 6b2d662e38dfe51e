"""All measures, in the order in which they run and are shown: a module that measures something more is added here."""

from benchmarks import day, efficiency, faces, memory, polls, start, units

MEASURES = (efficiency.MEASURE, polls.MEASURE, memory.MEASURE, start.MEASURE, day.MEASURE, units.MEASURE, faces.MEASURE)
BARS = tuple(bar for measure in MEASURES for bar in measure.bars)
