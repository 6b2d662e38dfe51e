"""Every queue of the product has an end: its bound has a name, and a test that drives it over."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

import pytest

from tests.support import tree

QUEUES = {"deque": "maxlen", "Queue": "maxsize", "LifoQueue": "maxsize", "PriorityQueue": "maxsize"}
CACHES = {"lru_cache", "cache"}


@dataclass(frozen=True)
class Bound:
    """The name of a limit, and the test that drives something over it, below tests/."""

    limit: str
    file: str
    test: str


HOSTILE = "hostile/test_bounds.py"
# What may hold more than one thing for a while, by file and name: its bound, or why it needs none.
INVENTORY: dict[str, Bound | str] = {
    "drivers/modbus_tcp/link.py _frames": Bound(
        "drivers.modbus_tcp.link:FRAMES", "drivers/modbus_tcp/test_link.py", "test_a_flood_of_answers_is_bounded"
    ),
    "drivers/mqtt/filters.py matches": Bound("", HOSTILE, "test_caches_have_an_end"),
    "drivers/mqtt/line.py _inbox": Bound(
        "drivers.mqtt.line:MAX_INBOX",
        "drivers/mqtt/test_session.py",
        "test_a_flooded_inbox_drops_the_newest_and_counts_it",
    ),
    "drivers/mqtt/memory.py transcript": Bound(
        "drivers.mqtt.memory:MAX_TRANSCRIPT", HOSTILE, "test_the_in_process_broker_remembers_only_so_much"
    ),
    "drivers/mqtt/memory.py _held_up": Bound(
        "drivers.mqtt.memory:MAX_HELD_UP", HOSTILE, "test_the_in_process_broker_holds_up_only_so_much"
    ),
    "drivers/plc/line.py _frames": Bound(
        "drivers.plc.line:FRAMES", HOSTILE, "test_a_chatterbox_on_the_line_fills_no_memory"
    ),
    "drivers/serial_bridge/line.py _frames": Bound(
        "drivers.serial_bridge.line:FRAMES", "drivers/serial_bridge/test_link.py", "test_a_chatterbox_fills_no_memory"
    ),
    "drivers/recording.py _answers": "a recording is in memory as a whole, and drivers.pcapng bounds its file",
    "drivers/replay.py _heard": "never more than the recording holds, and drivers.pcapng bounds its file",
    "drivers/zigbee/coordinator.py _frames": Bound(
        "drivers.zigbee.coordinator:FRAMES",
        "drivers/zigbee/test_link.py",
        "test_a_chatterbox_at_the_start_fills_no_memory",
    ),
    "drivers/zigbee/coordinator.py _heard": Bound(
        "drivers.zigbee.coordinator:DATAGRAMS", "drivers/zigbee/test_link.py", "test_a_chatterbox_fills_no_memory"
    ),
    "emulator/media/zigbee/__init__.py _messages": Bound(
        "emulator.media.zigbee:MESSAGES",
        "emulator/media/zigbee/test_network.py",
        "test_only_so_many_messages_are_on_their_way",
    ),
    "config/grid_profiles.py _packaged": "as many as the package holds",
    "emulator/feeder.py _before": "pieces of the last WINDOW_S, which are as many as the grid's knots in it",
    "emulator/memory.py records": Bound(
        "emulator.memory:RECORDS", "emulator/test_memory.py", "test_records_are_newest_first_and_sixteen"
    ),
    "emulator/memory.py _raises": "one row of LOCKOUTS is the length of each",
    "emulator/module.py _stc_w": "as many as there are types of module in the site file",
    "emulator/media/plc/unit.py _frames": Bound("", HOSTILE, "test_caches_have_an_end"),
    "emulator/source.py _knots": "as many as its maxsize",
    "hil/trace.py frames": Bound(
        "hil.trace:MAX_FRAMES", "hil/test_trace.py", "test_the_newest_frames_and_so_many_points_are_kept"
    ),
    "gateway/alarms/journal.py _waiting": Bound(
        "gateway.alarms.journal:MAX_ROWS",
        "gateway/alarms/test_journal.py",
        "test_a_broker_that_is_away_for_too_long_costs_the_oldest_counted_and_logged",
    ),
    "gateway/alarms/load.py _raises": Bound(
        "gateway.alarms.load:MAX_RAISES", "gateway/alarms/test_load.py", "test_only_so_many_raises_are_kept"
    ),
    "gateway/alarms/sound.py _forms": "as many as there are classes in the journal",
    "gateway/faces/dtu_commands.py taken": Bound(
        "gateway.faces.dtu_commands:REMEMBERED",
        "gateway/faces/test_dtu_commands.py",
        "test_only_so_many_commands_are_remembered",
    ),
    "gateway/control/service.py jobs": Bound(
        "gateway.control.service:MAX_OPEN",
        "gateway/control/test_service.py",
        "test_more_orders_than_may_be_open_are_refused",
    ),
    "gateway/fleet/poller.py _commands": Bound(
        "gateway.fleet.poller:MAX_COMMANDS",
        "gateway/fleet/test_commands.py",
        "test_commands_wait_in_a_bounded_queue",
    ),
    "gateway/health.py _lags_s": Bound(
        "gateway.health:LAGS_KEPT", HOSTILE, "test_looks_at_the_loop_are_kept_for_a_minute"
    ),
    "gateway/log.py _records": Bound(
        "gateway.log:MAX_RECORDS", "gateway/test_log.py", "test_the_tap_keeps_the_newest_and_counts_the_rest"
    ),
    "gateway/mqtt/bridge.py _events": Bound(
        "gateway.telemetry.outbox:MAX_EVENTS",
        "gateway/mqtt/test_outages.py",
        "test_events_that_were_never_acknowledged_are_bounded_and_counted",
    ),
    "gateway/mqtt/commands.py _replies": Bound(
        "gateway.mqtt.commands:MAX_REPLIES",
        "gateway/mqtt/test_commands.py",
        "test_replies_that_nobody_fetches_are_bounded_and_counted",
    ),
    "gateway/mqtt/payloads.py _dc": "as many as a unit has inputs",
    "gateway/telemetry/outbox.py events": Bound(
        "gateway.telemetry.outbox:MAX_EVENTS",
        "gateway/telemetry/test_outbox.py",
        "test_events_are_bounded_and_the_oldest_goes",
    ),
    "opencombiner/view.py news": Bound("opencombiner.view:MAX_NEWS", HOSTILE, "test_the_news_of_the_demo_have_an_end"),
    "protocols/vendors/apsystems/kinds.py recognise": "as many as its maxsize",
    "protocols/vendors/hoymiles/memory.py _entries": Bound(
        "protocols.vendors.hoymiles.alarm_log:MAX_RECORDS",
        "protocols/vendors/hoymiles/test_responder.py",
        "test_the_log_keeps_only_so_many_entries",
    ),
    "protocols/registry.py vendor": "as many as there are vendor folders",
    "protocols/registry.py vendor_names": "one",
}
# What is bounded by a count of its own: no queue of the library's, so nobody finds it by its form.
COUNTED = {
    "rows that wait for the disk": Bound(
        "gateway.store:MAX_PENDING", "gateway/test_store.py", "test_rows_that_wait_are_bounded"
    ),
    "bytes for a far end that does not read": Bound(
        "drivers.transport:BACKLOG",
        "drivers/test_stream.py",
        "test_a_pipe_that_nobody_reads_holds_no_more_than_the_backlog",
    ),
    "bytes for a host that does not read": Bound(
        "emulator.host:BUFFER", "emulator/media/plc/test_modem.py", "test_what_passes_the_buffer_is_lost_and_counted"
    ),
    "bytes of a partial Modbus frame": Bound(
        "protocols.modbus.rtu:MAX_ADU",
        "protocols/modbus/test_rtu.py",
        "test_noise_never_raises_and_the_buffer_stays_small",
    ),
    "bytes of a partial ST7580 frame": Bound(
        "protocols.modems.st7580:MAX_DATA",
        "protocols/modems/test_st7580.py",
        "test_noise_never_raises_and_the_buffer_stays_below_one_frame",
    ),
    "bytes of a partial ZNP frame": Bound(
        "protocols.modems.znp.frame:MAX_FRAME",
        "protocols/modems/znp/test_frame.py",
        "test_noise_never_raises_and_never_fills_the_buffer",
    ),
    "transactions that are known": Bound(
        "gateway.control.admit:REMEMBERED",
        "gateway/control/test_admit.py",
        "test_only_the_newest_transactions_are_remembered",
    ),
    "raises of one alarm": Bound(
        "gateway.alarms.record:MAX_OCCURRENCES",
        "gateway/alarms/test_alarm.py",
        "test_only_so_many_raises_are_remembered",
    ),
    "requests without a match": Bound(
        "drivers.replay:MAX_UNMATCHED", "drivers/test_replay.py", "test_the_list_of_what_is_missing_has_an_end"
    ),
    "topics of the demo": Bound(
        "opencombiner.view:MAX_TOPICS", "opencombiner/test_view.py", "test_the_number_of_topics_is_bounded"
    ),
    "bytes of a request by MQTT": Bound(
        "gateway.mqtt.payloads:MAX_REQUEST", "gateway/mqtt/test_payloads.py", "test_questions_are_read"
    ),
    "bytes of what a meter says": Bound(
        "gateway.meter:MAX_MEASURED", "gateway/test_meter.py", "test_what_a_meter_says_is_read"
    ),
    "bytes of a packet from the broker": Bound(
        "drivers.mqtt.client:MAX_PACKET", "hostile/test_commands.py", "test_a_command_of_10_mb"
    ),
    "messages of a run": Bound(
        "hil.trace:MAX_HEARD", "hil/judge/test_judge.py", "test_a_trace_is_bounded_and_tells_that_it_is_full"
    ),
    "bytes of a line of the control interface": Bound(
        "drivers.lines:MAX_LINE", "drivers/test_lines.py", "test_a_line_that_never_ends_is_the_end_of_the_connection"
    ),
    "characters of a formula": Bound(
        "config.formula:MAX_LENGTH", "config/test_formula.py", "test_anything_else_is_refused"
    ),
    "bytes of a site file": Bound(
        "config.document:MAX_BYTES", "config/test_document.py", "test_what_is_no_yaml_is_refused"
    ),
    "values of a site file": Bound("config.document:MAX_VALUES", "hostile/test_site_files.py", "test_a_file_that"),
    "writes by Modbus": Bound(
        "gateway.faces.modbus_server:WRITES_BURST",
        "gateway/faces/test_modbus_server.py",
        "test_more_writes_than_a_manager_needs_are_put_off",
    ),
    "clients of a face": Bound(
        "gateway.faces.tcp_server:MAX_CLIENTS", "integration/test_hostile_modbus.py", "test_the_daemon_survives_who"
    ),
    "bytes of a capture": Bound(
        "drivers.pcapng:MAX_FILE_BYTES", "drivers/test_replay.py", "test_what_cannot_be_replayed_says_why"
    ),
}


def _queues(body: ast.AST, owner: str = "") -> Iterator[str]:
    """Yield the names to which queues are given, and the functions whose results are kept."""
    for node in ast.iter_child_nodes(body):
        here = owner
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            here = node.name
            if any(_names(each) & CACHES for each in node.decorator_list):
                yield node.name
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            here = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", owner)
            if node.value is not None and _names(node.value) & QUEUES.keys():
                yield here
                continue
        yield from _queues(node, here)


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} | {
        each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)
    }


def _found() -> set[str]:
    return {f"{tree.name(path)} {name}" for path in tree.sources() for name in _queues(tree.parsed(path))}


def test_every_queue_and_cache_is_in_the_inventory() -> None:
    missing = _found() - INVENTORY.keys()
    assert missing == set(), "give it a bound and a test that drives it over, and list it in INVENTORY"


def test_what_the_inventory_lists_is_there() -> None:
    assert INVENTORY.keys() - _found() == set()


BOUNDS = {name: bound for name, bound in (INVENTORY | COUNTED).items() if isinstance(bound, Bound)}


@pytest.mark.parametrize("bound", BOUNDS.values(), ids=list(BOUNDS))
def test_a_bound_has_a_name_and_a_test_that_names_it(bound: Bound) -> None:
    text = (tree.ROOT / "tests" / bound.file).read_text("utf-8")
    assert f"def {bound.test}(" in text
    if bound.limit:
        module, _, constant = bound.limit.partition(":")
        assert isinstance(getattr(import_module(module), constant), int)
        assert constant in text


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param("class A:\n  def __init__(self):\n    self.q: deque[int] = deque()", id="a deque"),
        pytest.param("class A:\n  q: deque[int] = field(default_factory=deque)", id="a deque of a dataclass"),
        pytest.param("q = asyncio.Queue()", id="a queue"),
        pytest.param("@functools.cache\ndef q(): ...", id="a cache"),
    ],
)
def test_a_queue_is_noticed(planted: str) -> None:
    assert list(_queues(ast.parse(planted))) == ["q"]
