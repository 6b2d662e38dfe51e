"""Addresses that pairing found, in the database."""

import sqlite3
from pathlib import Path

from gateway.rows import MOST_NODE, LedgerRow, PairedRow, addresses
from gateway.schema import SCHEMA
from gateway.store import FILE_NAME, Store

HOST = "D8A3011B9780"
ROWS = [PairedRow("east", "801000085070", 0x103A, HOST), PairedRow("west", "801000085070", 0x2222, HOST)]


def test_a_unit_has_one_address_a_gateway_and_the_newest_counts(tmp_path: Path) -> None:
    store = Store(tmp_path, inline=True)
    store.put(ROWS)
    store.put([PairedRow("east", "801000085070", 0x4242, HOST)])
    store.close()
    store = Store(tmp_path, inline=True)
    rows = store.rows(PairedRow)
    store.close()
    assert addresses(rows, "east", HOST) == {"801000085070": 0x4242}
    assert addresses(rows, "west", HOST) == {"801000085070": 0x2222}


def test_what_another_network_or_a_damaged_disk_says_is_no_address() -> None:
    odd = [PairedRow("east", f"80100000000{n}", node, HOST) for n, node in enumerate((0, -1, MOST_NODE + 1, MOST_NODE))]
    assert addresses(ROWS, "east", "D8A300000001") == {}
    assert addresses(odd, "east", HOST) == {"801000000003": MOST_NODE}


def test_a_database_from_before_pairing_keeps_what_it_has_and_learns_the_table(tmp_path: Path) -> None:
    store = Store(tmp_path, inline=True)
    store.put([LedgerRow("a", 0, "SN1", 1000)])
    store.close()
    older = sqlite3.connect(tmp_path / FILE_NAME)
    older.execute("DROP TABLE paired")
    older.execute(f"PRAGMA user_version = {SCHEMA - 1}")
    older.commit()
    older.close()
    store = Store(tmp_path, inline=True)
    assert [row.total_mwh for row in store.rows(LedgerRow)] == [1000]
    assert store.rows(PairedRow) == []
    store.put(ROWS)
    store.close()
