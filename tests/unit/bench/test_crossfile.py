"""The hidden line cannot be seen anywhere, and both ways are compared on the same lines."""

from __future__ import annotations

from pathlib import Path

from fimble.bench.crossfile import Timed, report, run, trace
from fimble.bench.foreign import holes
from fimble.text import Cursor, Outcome, Reason, Suggestion
from tests.unit.bench.test_foreign import OTHER, TOOLS, USER, project_in


def test_with_and_without_the_index(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    found = holes(project_in(project, tools=TOOLS, user=USER, other=OTHER), 10, 1)
    seen: list[str] = []

    def suggest(cursor: Cursor, elsewhere: Timed, with_index: bool) -> Outcome:
        given = elsewhere.snippets(cursor, 2000, 60_000.0, seen=(0, len(cursor.snapshot.text)), with_index=with_index)
        seen.extend(snippet.text for snippet in given)
        if not any("SPEED_LIMIT = 30" in snippet.text for snippet in given):
            return Outcome(reason=Reason.EMPTY)
        return Outcome((Suggestion("too_fast = speed > SPEED_LIMIT * 2\n    stop()", -0.1),))

    done = run(found, tmp_path / "index", suggest, lambda _: None)
    assert seen and not any("too_fast" in text for text in seen)
    result = report(done)
    assert result["num_items"] == 1
    assert result["with_index"]["exact_match"] == 100.0 and result["without_index"]["exact_match"] == 0.0
    assert result["difference"]["difference_points"] == 100.0
    assert result["difference"]["edit_similarity_points"] == 100.0
    assert result["groups"]["imported"]["num_items"] == 1 and result["groups"]["not_imported"]["num_items"] == 0
    assert result["gathering_p95_ms"] > 0
    assert "SPEED_LIMIT of tools.py" in trace(done) and "(right)" in trace(done)
