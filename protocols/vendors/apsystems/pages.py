"""Pages of protection settings, read only: what is known of them, by offset from the command (QS1) or the tag (DS3)."""

from collections.abc import Callable, Mapping

from protocols.vendors.apsystems.l2 import L2
from protocols.vendors.apsystems.limits import page_form
from protocols.vendors.apsystems.rows import CLOCK_HZ

PAGE_A = 0xDD
_PAGE_BYTES = 40  # shorter answers are acknowledgements and model numbers
Read = Callable[[bytes, int], float]


def _over(div: float) -> Read:
    return lambda body, at: int.from_bytes(body[at : at + 2], "big") / div


def _volt_ds3(body: bytes, at: int) -> float:
    return int.from_bytes(body[at : at + 2], "big") * 268 / 1000


def _volt_qs1(body: bytes, at: int) -> float:
    return int.from_bytes(body[at : at + 2], "big") / 1.332 / 4


def _hertz(body: bytes, at: int) -> float:
    counts = int.from_bytes(body[at : at + 3], "big")
    return CLOCK_HZ / counts if counts else 0.0


def _long_s(body: bytes, at: int) -> float:
    return int.from_bytes(body[at : at + 3], "big") / 100


_HZ, _S, _RECOVERY_S = _over(100), _over(100), _over(50)
Rows = Mapping[str, tuple[int, Read]]
DS3_A: Rows = {
    "ov_fast_v": (0x01, _volt_ds3),
    "uv_fast_v": (0x03, _volt_ds3),
    "ov_slow_v": (0x05, _volt_ds3),
    "uv_stage2_v": (0x07, _volt_ds3),
    "ov_slow90_v": (0x09, _volt_ds3),
    "uv_stage2_90_v": (0x0B, _volt_ds3),
    "of_fast_hz": (0x11, _HZ),
    "uf_fast_hz": (0x13, _HZ),
    "of_slow_hz": (0x15, _HZ),
    "uf_slow_hz": (0x17, _HZ),
    "ov1_clear_s": (0x1D, _S),
    "uv1_clear_s": (0x1F, _S),
    "ov2_clear_s": (0x21, _S),
    "uv2_clear_s": (0x23, _S),
    "of1_clear_s": (0x29, _long_s),
    "uf1_clear_s": (0x2C, _S),
    "reconnect_ov_v": (0x3D, _volt_ds3),
    "reconnect_uv_v": (0x3F, _volt_ds3),
    "reconnect_of_hz": (0x41, _HZ),
    "reconnect_uf_hz": (0x43, _HZ),
    "recovery_s": (0x45, _RECOVERY_S),
}
DS3_B: Rows = {
    "of_curve_stop_hz": (0x08, _HZ),
    "of_curve_start_hz": (0x0A, _HZ),
    "ov_ten_minute_v": (0x31, _volt_ds3),
    "uf_curve_start_hz": (0x3F, _HZ),
    "uf_curve_stop_hz": (0x41, _HZ),
}
QS1_B: Rows = {
    "reconnect_uv_v": (0x01, _volt_qs1),
    "reconnect_ov_v": (0x03, _volt_qs1),
    "reconnect_uf_hz": (0x05, _hertz),
    "reconnect_of_hz": (0x08, _hertz),
    "of_curve_stop_hz": (0x25, _hertz),
    "of_curve_start_hz": (0x28, _hertz),
}


def page_fields(frame: L2) -> tuple[str, dict[str, float]] | None:
    """Return the kind of a page and what is known of it; None when a frame is no page."""
    if len(frame.body) < _PAGE_BYTES:
        return None
    form = page_form(frame)
    if form is not None:
        raw = form.raw_of(frame.body)
        whole = frame.body if form.tagged else bytes((frame.command,)) + frame.body
        limit = {"max_power_raw": raw, "max_power_w_per_input": form.watt(raw)}
        return "page_b", limit | _read(DS3_B if form.tagged else QS1_B, whole)
    match frame.command:
        case 0xDD if frame.body[0] == PAGE_A:
            return "page_a", _read(DS3_A, frame.body)
        case 0xDB:
            return "page_a", {}
        case 0xD9:
            return "page_c", {}
        case _:
            return None


def _read(rows: Rows, whole: bytes) -> dict[str, float]:
    return {name: round(read(whole, at), 2) for name, (at, read) in rows.items()}
