"""A state folder that takes nothing: refused at the start with what helps; while it runs nothing is lost."""

import json
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.rows import LedgerRow
from gateway.store import FILE_NAME, Store
from protocols.errors import ConfigError
from tests.support import tree
from tests.support.daemon import described
from tests.support.disk import ordinary_user, own_folder

REFUSED = r"^state_dir: cannot write .*opencombiner\.db \(.*\); let this user write there or name another directory"


def test_a_folder_that_nobody_may_write_is_refused() -> None:
    with own_folder() as folder:
        folder.chmod(0o555)
        with ordinary_user(), pytest.raises(ConfigError, match=REFUSED):
            Store(folder)
        assert list(folder.iterdir()) == []


def test_a_database_that_may_only_be_read_is_refused_and_left_alone() -> None:
    with own_folder() as folder:
        store = Store(folder, inline=True)
        store.put([LedgerRow("a", 0, "A", 1000)])
        store.close()
        before = (folder / FILE_NAME).read_bytes()
        (folder / FILE_NAME).chmod(0o444)
        folder.chmod(0o555)
        with ordinary_user(), pytest.raises(ConfigError, match=REFUSED):
            Store(folder)
        assert (folder / FILE_NAME).read_bytes() == before


def test_a_folder_that_turns_read_only_while_the_daemon_runs_costs_nothing() -> None:
    with capture_logs() as logs, own_folder() as folder:
        with ordinary_user():
            store = Store(folder, inline=True)
            store.put([LedgerRow("a", 0, "A", 1000)])
        folder.chmod(0o555)
        with ordinary_user():
            store.put([LedgerRow("b", 0, "B", 2000)])
            assert (store.pending, store.failures) == (0, 0)
            store.close()
        folder.chmod(0o777)
        with ordinary_user():
            again = Store(folder, inline=True)
            assert [(row.slot, row.total_mwh) for row in again.rows(LedgerRow)] == [("a", 1000), ("b", 2000)]
            again.close()
    assert logs == []


def test_a_damaged_database_in_a_read_only_folder_is_refused_and_left_alone() -> None:
    with own_folder() as folder:
        (folder / FILE_NAME).write_bytes(b"no database" * 1000)
        (folder / FILE_NAME).chmod(0o666)
        folder.chmod(0o555)
        with (
            ordinary_user(),
            pytest.raises(ConfigError, match=r"is damaged and cannot be moved aside: Permission denied"),
        ):
            Store(folder)
        assert (folder / FILE_NAME).read_bytes() == b"no database" * 1000


@pytest.mark.integration
@pytest.mark.parametrize(
    ("state_dir", "said"),
    [
        ("/proc", r"state_dir: cannot write /proc/opencombiner.db"),
        ("/nowhere/at/all", r"state_dir: /nowhere/at/all is no directory; create it or name another one"),
        ("/dev/null", r"state_dir: /dev/null is no directory; create it or name another one"),
    ],
    ids=["a folder in which nobody can write", "no folder", "a file"],
)
def test_the_command_names_file_line_and_setting(tmp_path: Path, state_dir: str, said: str) -> None:
    site = described(tmp_path, links="pty:/tmp/x", broker="mqtt://127.0.0.1:9").model_dump(
        mode="json", exclude_defaults=True
    )
    file = tmp_path / "site.yaml"
    file.write_text(json.dumps(site | {"state_dir": state_dir}), "utf-8")
    done = tree.run(sys.executable, "-m", "opencombiner", "run", str(file))
    assert done.returncode == 3
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert f"{file}:1:" in done.stderr
