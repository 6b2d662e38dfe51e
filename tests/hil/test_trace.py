from hil.trace import MAX_FRAMES, MAX_POINTS, Frame, Trace


def test_the_newest_frames_and_so_many_points_are_kept() -> None:
    trace = Trace()
    for number in range(MAX_FRAMES + 5):
        trace.frames.append(Frame(float(number), "gw", inbound=True, data=b""))
        trace.measure("grid.v", float(number), 230.0)
    assert (len(trace.frames), trace.frames[0].at_s) == (MAX_FRAMES, 5.0)
    assert len(trace.series["grid.v"]) == MAX_POINTS


def test_the_last_frames_before_an_instant_explain_it() -> None:
    trace = Trace()
    for number in range(10):
        trace.frames.append(Frame(float(number), "gw", inbound=True, data=b""))
    assert [frame.at_s for frame in trace.last_frames(6.0, 3)] == [4.0, 5.0, 6.0]
