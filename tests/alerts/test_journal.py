"""Records in the state database: only added to, one of two writers is first, ids stay."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from lapwing.alerts.actions import Action
from lapwing.alerts.inputs import Inputs, Window
from lapwing.alerts.journal import Journal
from lapwing.alerts.judged_rows import Raced, Run
from lapwing.alerts.life import life
from lapwing.alerts.reconcile import Step, Told, same
from lapwing.alerts.state import StateDatabase
from lapwing.alerts.why.change import Cause
from lapwing.model.problem import Conflict, NotFound


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return StateDatabase(tmp_path / "state.db").journal


def run(definition: str = "a", data: str = "1", covered: int = 0, finished: int = 100) -> Run:
    return Run(
        monitor="m",
        definition=definition,
        data=data,
        covered=covered,
        finished=finished,
        series=1,
        judged=10,
        arrays=b"x",
    )


def told(opened: int, resolved: int | None = None) -> Told:
    steps = (Step("opened", opened + 1, opened), *((Step("resolved", resolved, resolved - 1),) if resolved else ()))
    return Told(key=("[]", 1, opened), steps=steps, about={"label": "It"})


def save(journal: Journal, new: Run, *incidents: Told, inputs: Inputs | None = None) -> None:
    before = journal.run(new.monitor)
    journal.save(new, incidents, None if before is None else before.version, inputs or Inputs())


def states(journal: Journal) -> dict[int, tuple[str, str | None]]:
    out = {}
    for record in journal.records("m"):
        now = life(record.lines)
        out[record.key[2]] = now.state, now.reason
    return out


def test_ids_stay_when_data_is_added(journal: Journal) -> None:
    save(journal, run(covered=25), told(10), told(20))
    before = {record.key: record.id for record in journal.records("m")}
    save(journal, run(data="5", covered=35), told(10, 30), told(20), told(30))
    after = {record.key: record.id for record in journal.records("m")}
    assert {key: after[key] for key in before} == before
    assert len(after) == 3
    kept = journal.run("m")
    assert kept is not None
    assert kept.data == "5"
    assert states(journal) == {10: ("resolved", "quiet"), 20: ("open", None), 30: ("open", None)}
    assert [line.at for line in journal.record(after["[]", 1, 10]).lines] == [11, 30]


def test_what_late_data_takes_away_stays_on_record(journal: Journal) -> None:
    save(journal, run(covered=25), told(10, 15), told(20))
    save(journal, run(data="2", covered=25, finished=200), told(10, 15))
    (_, late) = journal.records("m")
    assert states(journal) == {10: ("resolved", "quiet"), 20: ("retracted", "retracted")}
    assert life(late.lines, 199).state == "open"
    save(journal, run(data="3", covered=25, finished=300), told(10, 15), told(20))
    assert states(journal)[20] == ("open", None)
    assert [(line.kind, line.at) for line in journal.records("m")[1].lines] == [
        ("opened", 21),
        ("retracted", 200),
        ("opened", 300),
    ]


def test_late_data_that_finds_an_incident_is_known_from_now_on(journal: Journal) -> None:
    save(journal, run(covered=50))
    save(journal, run(data="2", covered=60, finished=200), told(20), told(55))
    early, fresh = journal.records("m")
    assert [line.at for line in (*early.lines, *fresh.lines)] == [200, 56]


def test_another_first_bucket_is_the_same_incident(journal: Journal) -> None:
    save(journal, run(covered=25), told(20))
    (before,) = journal.records("m")
    save(journal, run(data="2", covered=25, finished=200), told(18))
    (after,) = journal.records("m")
    assert (after.id, after.key) == (before.id, ("[]", 1, 18))
    assert [line.kind for line in after.lines] == ["opened", "withdrawn", "opened"]
    assert after.lines[1].data == {"of": [1], "reason": "late_data"}
    assert life(after.lines).opened == 21


def test_in_a_window_that_was_made_later_it_is_retracted_for_that(journal: Journal) -> None:
    save(journal, run(covered=25), told(10, 15))
    save(journal, run(data="1 w", covered=25, finished=200), inputs=Inputs((Window(5, 12, "Move"),)))
    (record,) = journal.records("m")
    assert record.lines[-1].data == {"reason": "maintenance"}


def test_another_definition_closes_what_it_does_not_show(journal: Journal) -> None:
    save(journal, run(covered=25), told(10, 15), told(20), told(24))
    save(journal, run("b", covered=25, finished=200), told(24))
    assert states(journal) == {10: ("retracted", "retracted"), 20: ("resolved", "redefined"), 24: ("open", None)}
    before = journal.pulse()
    save(journal, run("b", "2", covered=25, finished=300), told(24))
    assert journal.pulse() == before, "nothing more is said of them"


def test_a_monitor_that_goes_and_comes_back(journal: Journal) -> None:
    save(journal, run(covered=25), told(10, 15), told(20))
    journal.end(["m"], "deleted", 200)
    assert journal.run("m") is None
    assert states(journal) == {10: ("resolved", "quiet"), 20: ("resolved", "deleted")}
    journal.end(["m"], "deleted", 300)
    save(journal, run(covered=25, finished=400), told(10, 15), told(20))
    assert states(journal) == {10: ("resolved", "quiet"), 20: ("open", None)}


def test_only_what_is_new_is_read(journal: Journal) -> None:
    """And comes to the same as reading all."""
    save(journal, run(covered=25), told(10), told(20))
    pulse, known = journal.newer("m", (), 0)
    assert known == journal.records("m")
    assert journal.newer("m", known, pulse) == (pulse, known)
    save(journal, run(data="2", covered=35, finished=200), told(8, 30), told(30))
    journal.act(known[1].id, Action(name="comment", who="ann", text="Hm."), 300)
    later, fresh = journal.newer("m", known, pulse)
    assert later > pulse
    assert fresh == journal.records("m")
    assert [one.key for one in fresh] != [one.key for one in known]


def test_what_is_settled_is_left_alone(journal: Journal) -> None:
    save(journal, run(covered=25), told(10, 15), told(20))
    before = journal.pulse()
    last = journal.run("m")
    assert last is not None
    both = (told(10, 15), told(20, 40))
    settled = same(both, (told(10, 15), told(20)))
    assert settled == {("[]", 1, 10)}
    journal.save(run(data="2", covered=50), both, last.version, Inputs(), None, settled)
    assert states(journal) == {10: ("resolved", "quiet"), 20: ("resolved", "quiet")}
    assert journal.pulse() == before + 1


def test_of_two_judgings_one_is_first(journal: Journal) -> None:
    journal.save(run(), [told(10)], None, Inputs())
    with pytest.raises(Raced):
        journal.save(run(data="2"), [], None, Inputs())
    assert states(journal) == {10: ("open", None)}


def test_many_threads_save_the_same(tmp_path: Path) -> None:
    """What one reads still holds when it writes: no incident is kept twice, none is lost."""
    databases = [StateDatabase(tmp_path / "state.db") for _ in range(4)]

    def attempt(journal: Journal) -> bool:
        try:
            journal.save(run(), [told(n) for n in range(10, 20)], None, Inputs())
        except Raced:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(attempt, [one.journal for one in databases * 3]))
    assert done.count(True) == 1
    assert len(databases[0].journal.records()) == 10


def test_actions_are_lines(journal: Journal) -> None:
    save(journal, run(covered=25), told(10))
    (one,) = journal.records()
    journal.act(one.id, Action(name="acknowledge", who="Ann", text="On it."), 100)
    with pytest.raises(Conflict, match="Ann has acknowledged"):
        journal.act(one.id, Action(name="acknowledge", who="Bo"), 110)
    record = journal.act(one.id, Action(name="assign", who="Ann", to="Bo"), 90)
    assert [(line.kind, line.who, line.at) for line in record.lines[1:]] == [
        ("acknowledged", "Ann", 100),
        ("commented", "Ann", 100),
        ("assigned", "Ann", 100),  # the clock was set back meanwhile
    ]
    with pytest.raises(NotFound):
        journal.act(999, Action(name="acknowledge", who="Ann"), 100)


ACKNOWLEDGE = """
import sys, time
from pathlib import Path
from lapwing.alerts.actions import Action
from lapwing.alerts.state import StateDatabase
from lapwing.model.problem import Conflict
journal = StateDatabase(Path(sys.argv[1])).journal
print("ready", flush=True)
sys.stdin.readline()
try:
    journal.act(int(sys.argv[2]), Action(name="acknowledge", who=sys.argv[3]), 100)
    print("first")
except Conflict as error:
    print(error.problems[0].code)
"""


def test_of_two_processes_that_acknowledge_one_is_first(tmp_path: Path) -> None:
    journal = StateDatabase(tmp_path / "state.db").journal
    save(journal, run(covered=25), told(10))
    (one,) = journal.records()
    both = [
        subprocess.Popen(
            [sys.executable, "-c", ACKNOWLEDGE, str(tmp_path / "state.db"), str(one.id), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("Ann", "Bo")
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=30)[0].strip() for process in both]
    assert sorted(said) == ["acknowledged-already", "first"]
    assert [line.kind for line in journal.record(one.id).lines] == ["opened", "acknowledged"]


def test_a_cause_is_kept_with_its_incident(journal: Journal) -> None:
    save(journal, run(), told(10))
    (number,) = (record.id for record in journal.records())
    cause = Cause("Mostly it.", (("region", "north"), ("gift", True)), 0.9, True)
    journal.keep_cause(number, 20, (83.0, 18.5), cause)
    assert journal.cause(number, 20) == cause == journal.cause(number, 20, (83.0, 18.5))
    assert journal.cause(number, 30) is None
    assert journal.cause(number, 20, (50.0, 18.5)) is None, "of other numbers, since data came late"
    journal.keep_cause(number, 20, (50.0, 18.5), replace(cause, says="Mostly another."))
    found = journal.cause(number, 20, (50.0, 18.5))
    assert found is not None
    assert found.says == "Mostly another."
    assert journal.told_cause(number, 20) == "Mostly it."
    journal.keep_cause(999, 20, (1.0, 2.0), cause)  # of an incident that is no more: nothing to keep
    assert journal.cause(999, 20) is None


def test_records_of_one_monitor_or_all(journal: Journal) -> None:
    save(journal, run(), told(10))
    save(journal, replace(run(), monitor="other"), told(10))
    assert [record.monitor for record in journal.records()] == ["m", "other"]
    assert [record.monitor for record in journal.records("other")] == ["other"]
    assert journal.monitors() == {"m", "other"}
    assert dict(journal.records()[0].about) == {"label": "It"}
