import pytest

from protocols.vendors.hoymiles import serials
from protocols.vendors.hoymiles.serials import Radio


@pytest.mark.parametrize(
    ("serial", "name", "radio", "ports", "phases"),
    [
        ("112172615582", "HM-1T", Radio.NRF, 1, 1),
        ("114172220143", "HM-2T", Radio.NRF, 2, 1),
        ("116183063371", "HM-4T", Radio.NRF, 4, 1),
        ("112483748174", "HMS-1T", Radio.CMT, 1, 1),
        ("1400A0000001", "HMS-1Tv2", Radio.CMT, 1, 1),
        ("114483761097", "HMS-2T", Radio.CMT, 2, 1),
        ("1410a01121ae", "HMS-2T", Radio.CMT, 2, 1),
        ("1164A00D4D9B", "HMS-4T", Radio.CMT, 4, 1),
        ("136183063371", "HMT-4T", Radio.CMT, 4, 3),
        ("138283063371", "HMT-6T", Radio.CMT, 6, 3),
        ("1520A025566B", "MIT-8T", Radio.CMT, 4, 3),
        ("104182525001", "MI-2T", Radio.NRF, 2, 1),
        ("104282525001", "MI-2T", Radio.NRF, 2, 1),
        ("282183063371", "HERF-2T", Radio.NRF, 2, 1),
        ("141283063371", "HMS-W", Radio.WIFI, 4, 1),
    ],
)
def test_a_serial_tells_the_family(serial: str, name: str, radio: Radio, ports: int, phases: int) -> None:
    found = serials.family(serial)
    assert found is not None
    assert (found.name, found.radio, found.ports, found.phases) == (name, radio, ports, phases)


@pytest.mark.parametrize("serial", ["999983063371", "", "OOOOOOOOO"])
def test_another_serial_tells_nothing(serial: str) -> None:
    assert serials.family(serial) is None


def test_second_generation_units_have_no_live_layout_third_have() -> None:
    old, new = serials.family("104182525001"), serials.family("104282525001")
    assert old is not None
    assert new is not None
    assert (old.generation, old.layout, new.generation) == (2, None, 3)
    assert new.layout is not None


@pytest.mark.parametrize(
    ("serial", "address"),
    [
        ("116183063371", 0x83063371),
        ("1410A01121AE", 0xA01121AE),
        ("1410a01121ae", 0xA01121AE),
        ("99978563412", 0x78563412),
        ("199980167388", 0x80167388),
    ],
)
def test_the_last_eight_digits_are_the_address(serial: str, address: int) -> None:
    assert serials.address(serial) == address


@pytest.mark.parametrize("serial", ["1234567", "1161X3063371"])
def test_a_serial_without_address_is_refused(serial: str) -> None:
    with pytest.raises(ValueError, match=r"too short|invalid literal"):
        serials.address(serial)


def test_the_serial_of_an_inverter_must_be_whole() -> None:
    with pytest.raises(ValueError, match="has 12 digits"):
        serials.inverter_address("99978563412")


def test_the_integer_form_is_the_digits_read_as_one_number() -> None:
    assert serials.number("116172207281") == 19110224228993
    assert serials.from_number(19110224228993) == "116172207281"


def test_the_short_form_is_the_same_serial() -> None:
    assert serials.short(0x2821_0A1B_2C3D) == "A1151NB1W"
    assert serials.full("a1151nb1w") == "28210A1B2C3D"
    assert serials.short(0x1161_8306_3371) is None


def test_letters_that_no_label_has_are_refused() -> None:
    with pytest.raises(ValueError, match="no serial has such characters"):
        serials.full("A1151NBOW")


@pytest.mark.parametrize(
    ("serial", "kind"),
    [("10F872226797", "DTU-Pro"), ("10D283063371", "DTU-G100"), ("414383063371", "built in"), ("99978563412", None)],
)
def test_a_dtu_is_known_by_its_serial(serial: str, kind: str | None) -> None:
    assert serials.dtu_type(serial) == kind


def test_only_sub_ghz_units_name_their_dtu() -> None:
    assert {found.name for found in serials.FAMILIES.values() if found.names_dtu} == {
        "HMS-1T", "HMS-1Tv2", "HMS-2T", "HMS-4T", "HMT-4T", "HMT-6T", "MIT-8T"
    }  # fmt: skip
