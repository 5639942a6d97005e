"""Each process tells Prometheus what it counts, on its own port, and nothing about anybody."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.place import any_port
from domain.contracts.vocabulary import TaskQueue
from tests.metrics import defined, families, health_port, scraped, value
from tests.prometheus import CONFIG, RULES, asked_for, of_the_dashboard, program, promtool
from tests.scan import scan
from tests.stack import WholeStack
from tests.whole.student import Student, until, walking
from tests.whole.test_key_folders import running

# A portal, a console and Prometheus start before the first test, on machines that may be busy.
pytestmark = pytest.mark.timeout(400)

OWN = "activation_"


@pytest.fixture(scope="module")
def student(whole_stack: WholeStack) -> Student:
    """Give a student who mistyped the code and has gone all the way."""
    student = Student()
    with walking(whole_stack.env, student) as walk:
        walk.to_the_code()
        walk._visitor.submit(pin="000000" if student.pin != "000000" else "000001")
        walk.prove()
        walk.agree()
        walk.choose_password()
        walk.arrive("/done")
    return student


@pytest.fixture(scope="module")
def served(whole_stack: WholeStack, student: Student) -> Iterator[Mapping[str, str]]:
    """Give the port of each process."""
    page, desk, first, own = (any_port() for _ in range(4))
    url = f"http://127.0.0.1:{page}"
    environ = os.environ | {
        "ACTIVATION_CONFIG": str(whole_stack.folder / "activation.toml"),
        "ACTIVATION_PORTAL__PUBLIC_URL": url,
        "ACTIVATION_PORTAL__PORT": str(page),
        "ACTIVATION_PORTAL__HEALTH_PORT": str(first),
        "ACTIVATION_CONSOLE__PORT": str(desk),
        "ACTIVATION_CONSOLE__HEALTH_PORT": str(own),
    }
    with ExitStack() as processes:
        for port, *words in ((first, "portal"), (own, "support", "serve")):
            ready = f"http://127.0.0.1:{port}/readyz"
            processes.enter_context(running(environ, ready, *words))
        with httpx.Client(base_url=url) as browser:
            assert browser.get(f"/problem/{student.mobile}").status_code == 404
            assert browser.get("/metrics").status_code == 404
            for number in range(20):
                browser.get(f"/invented-{number}")
            assert browser.request("BREW", "/").status_code == 405
        # The first one by the schedule comes within the hour.
        assert whole_stack.command("privacy", "sweep", "--now").returncode == 0
        worker = health_port(whole_stack.pids["worker"])
        until(lambda: value(scraped(worker), "activation_ended_total", end="active"))
        yield {
            "portal": str(first),
            "console": str(own),
            "worker": worker,
            "alerts": health_port(whole_stack.pids["alerts"]),
        }


@pytest.fixture(scope="module")
def told(served: Mapping[str, str]) -> Mapping[str, str]:
    """Give the metrics of each process."""
    return {name: scraped(port) for name, port in served.items()}


def test_each_metric_of_the_code_is_served_by_a_process(told: Mapping[str, str]) -> None:
    found = {name for text in told.values() for name in families(text) if name.startswith(OWN)}
    assert found == defined().keys()


@pytest.mark.parametrize("process", ["portal", "console", "worker", "alerts"])
def test_the_sdk_and_the_python_of_each_process_are_among_them(
    told: Mapping[str, str], process: str
) -> None:
    found = {*families(told[process])}
    assert {"temporal_request_latency", "process_resident_memory_bytes"} <= found


def test_a_worker_counts_a_journey(told: Mapping[str, str]) -> None:
    def count(sample: str, **labels: str) -> float:
        return value(told["worker"], sample, **labels) or 0

    assert count("activation_pins_total", outcome="wrong") >= 1
    assert count("activation_pins_total", outcome="right") >= 1
    assert count("activation_messages_total", channel="sms", kind="pin", outcome="sent") >= 1
    assert count("activation_sms_parts_total", gateway="sms") >= 1
    assert count("activation_ended_total", end="active") >= 1
    for step in ("pin", "review", "password"):
        assert count("activation_step_seconds_count", step=step, waits_for="student") >= 1
    assert 0 < count("activation_step_seconds_sum", step="provisioning", waits_for="engine") < 60
    within = {"step": "provisioning", "waits_for": "engine", "le": "60"}
    assert count("activation_step_seconds_bucket", **within) >= 1
    for system in ("registrar", "ledger", "directory", "sms"):
        assert count("activation_system_seconds_count", system=system, outcome="done") >= 1
    assert count("activation_key_epoch_timestamp_seconds") > 0
    assert count("temporal_workflow_completed_total", workflow_type="Activation") >= 1
    for sample in (
        "temporal_workflow_task_schedule_to_start_latency_count",
        "temporal_worker_task_slots_available",
        "temporal_worker_task_slots_used",
        "temporal_num_pollers",
    ):
        assert value(told["worker"], sample, task_queue=TaskQueue.MAIN) is not None
    # Most activities of the main queue are local.
    assert count("temporal_activity_schedule_to_start_latency_count", task_queue=TaskQueue.SMS) >= 1


def test_the_alerts_know_the_whole_engine(told: Mapping[str, str]) -> None:
    def seen(sample: str, **labels: str) -> Any:
        return value(told["alerts"], sample, **labels)

    assert seen("activation_answers", system="temporal") == 1
    assert seen("activation_answers", system="ledger") == 1
    assert seen("activation_attack_mode") == 0
    assert seen("activation_certificate_expires_timestamp_seconds", system="directory") > 0
    assert seen("activation_certificate_expires_timestamp_seconds", system="mail") > 0
    assert seen("activation_failing") == 0
    assert seen("activation_queue_workers", queue=TaskQueue.MAIN, kind="workflows") >= 1
    assert seen("activation_codes_sent", channel="sms", window="hour") >= 1
    assert seen("activation_codes_ceiling", channel="sms", window="day") > 1


def test_pages_are_measured_by_the_pattern_of_their_path(told: Mapping[str, str]) -> None:
    assert value(
        told["portal"],
        "activation_page_seconds_count",
        method="GET",
        route="/problem/{raw}",
        status="404",
    )
    assert 'method="other"' in told["portal"]
    assert "BREW" not in told["portal"]
    assert "invented" not in told["portal"]


def test_nothing_about_the_student_is_in_a_metric(
    told: Mapping[str, str], student: Student, tmp_path: Path
) -> None:
    marks = {
        name: str(part) for name, part in vars(student).items() if isinstance(part, str) and part
    } | {"first": student.first.latin, "last": student.last.latin}
    file = tmp_path / "metrics"
    file.write_text("".join(told.values()), "utf-8")
    assert scan([file], marks) == set()


@pytest.mark.few(2)
@pytest.mark.parametrize("process", ["portal", "console", "worker", "alerts"])
def test_promtool_finds_nothing_wrong_with_our_own(told: Mapping[str, str], process: str) -> None:
    own = [line for line in told[process].splitlines() if re.search(rf"^(# \w+ )?{OWN}", line)]
    promtool("check", "metrics", given="\n".join(dict.fromkeys(own)) + "\n")


@pytest.fixture(scope="module")
def prometheus(
    served: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """Run Prometheus by the files of deploy/, with the addresses and the pace of a test."""
    folder, port = tmp_path_factory.mktemp("prometheus"), any_port()
    text = re.sub(r"(_interval): 30s", r"\1: 1s", CONFIG.read_text("utf-8"))
    for job, own in served.items():
        found = rf"(job_name: {job}\n.*\n +- targets: )\[.*\]"
        text = re.sub(found, rf'\1["127.0.0.1:{own}"]', text)
    (folder / CONFIG.name).write_text(text, "utf-8")
    shutil.copy(RULES, folder)
    words = (
        f"--config.file={folder / CONFIG.name}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    )
    process = subprocess.Popen((program("prometheus"), *words))  # noqa: S603 - our own words
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=30) as http:
            until(lambda: _is_scraped(http, len(served)))
            yield http
    finally:
        process.terminate()
        process.wait(30)


def _is_scraped(http: httpx.Client, processes: int) -> bool:
    """Tell whether all processes answer, and the rates of two scrapes are known."""
    try:
        rated = asked(http, "rate(activation_answers[5m])")
    except (httpx.TransportError, httpx.HTTPStatusError):
        return False
    return bool(rated) and len(asked(http, "up == 1")) == processes


def asked(http: httpx.Client, query: str) -> list[Any]:
    answer = http.get("/query", params={"query": query}).raise_for_status()
    found: list[Any] = answer.json()["data"]["result"]
    return found


def test_prometheus_reads_all_that_rules_and_dashboard_ask_for(prometheus: httpx.Client) -> None:
    known = set(prometheus.get("/metadata", params={"limit": 10_000}).json()["data"])
    # Nothing has failed yet, neither a request nor a workflow task.
    assert asked_for() - known <= {
        "temporal_request_failure_total",
        "temporal_workflow_task_execution_failed_total",
    }


def test_prometheus_evaluates_every_rule_and_panel(prometheus: httpx.Client) -> None:
    def rules() -> list[Any]:
        (group,) = prometheus.get("/rules").json()["data"]["groups"]
        return [rule for rule in group["rules"] if rule["health"] != "unknown"]

    until(lambda: len(rules()) == RULES.read_text("utf-8").count("- alert:"))
    assert [rule["name"] for rule in rules() if rule["health"] != "ok"] == []
    assert [rule["name"] for rule in rules() if rule["state"] == "firing"] == []
    # What has not happened has no samples.
    unseen = (
        "limited",
        "alert",
        "receipts",
        "_fail",
        '!="done"',
        "activation_open",
        "schedule_to_start",
        "POST",
    )
    seen = [query for query in of_the_dashboard() if not any(word in query for word in unseen)]
    # An increase is known only from the second scrape on.
    until(lambda: all(asked(prometheus, query) for query in seen))
