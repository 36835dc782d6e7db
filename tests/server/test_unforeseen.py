from __future__ import annotations

from structlog.testing import capture_logs

from lapwing.model.problem import WrongUse
from lapwing.server.unforeseen import known


def test_ours_is_told_as_it_is_and_not_logged() -> None:
    error = WrongUse.of("parameter", "There is none.")
    with capture_logs() as logs:
        assert known(error, door="postgres") is error
    assert logs == []


def test_the_log_has_all_of_another_under_the_number_that_is_told() -> None:
    with capture_logs() as logs:
        (problem,) = known(ZeroDivisionError("by nothing"), door="postgres").problems
    (line,) = logs
    assert problem.code == "unexpected"
    assert line["id"] in problem.message
    assert "by nothing" not in problem.message
    assert (line["door"], line["error"], str(line["exc_info"])) == ("postgres", "ZeroDivisionError", "by nothing")
