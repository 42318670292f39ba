"""The table of patches and people: one column a person, the strongest trailer in each cell, and the sign of its state."""

from __future__ import annotations

from core.coverage.html_page import coverage_page
from core.coverage.matrix import MOST_PEOPLE, coverage_matrix
from core.coverage.values import Commenter, Coverage, ForgottenTag, PatchCoverage, Tag, TagState
from core.model import Identity, MessageId
from tui.desk.series_reports import matrix_lines

REX = Identity("Rex Reviewer", "rex@example.com")
REX_AT_HOME = Identity("Reviewer, Rex", "rex@home.example")
ADA = Identity("Ada <b>", "ada@example.com")
SILENT = Identity("Sil Ent", "sil@example.com")


def tag(name: str, person: Identity, state: TagState = TagState.FRESH) -> Tag:
    return Tag(
        name=name, person=person, value=f"{person.name} <{person.address}>", state=state,
        version=1, message_id=MessageId("m@x"), carried=False,
    )  # fmt: skip


def patch(number: int, *tags: Tag, commenters: tuple[Commenter, ...] = ()) -> PatchCoverage:
    return PatchCoverage(
        number=number, message_id=MessageId(f"p{number}@x"), title=f"title {number}", tags=tags,
        commenters=commenters, silent=(SILENT,),
    )  # fmt: skip


def covered(*patches: PatchCoverage, forgotten: tuple[ForgottenTag, ...] = ()) -> Coverage:
    return Coverage(series=MessageId("s@x"), version=2, patches=patches, forgotten=forgotten)


def test_one_person_is_one_column_and_the_strongest_trailer_counts() -> None:
    lost = tag("Acked-by", ADA)
    found = covered(
        patch(1, tag("Tested-by", REX), tag("Reviewed-by", REX_AT_HOME, TagState.STALE)),
        patch(2, lost, commenters=(Commenter(REX, MessageId("c@x")),)),
        patch(3, tag("Acked-by", REX, TagState.FIRST_SEEN)),
        forgotten=(ForgottenTag(tag=lost, number=2),),
    )
    matrix = coverage_matrix(found)
    assert [one.address for one in matrix.people] == [REX.address, ADA.address, SILENT.address]
    drawn = [[f"{cell.letter}{cell.mark}" for cell in cells] for _, cells in matrix.rows]
    assert drawn == [["R!", "", "·"], ["c", "A-", "·"], ["A?", "", "·"]]
    lines = matrix_lines(found)
    assert lines[3].startswith("  1 title 1")
    assert lines[3].endswith("R!    ·")
    assert all(len(line) <= 80 for line in lines)
    page = "\n".join(coverage_page("lamp", found))
    assert "Ada &lt;b&gt;" in page
    assert 'class="c stale"' in page
    assert 'class="c forgotten"' in page


def test_too_many_people_are_counted() -> None:
    crowd = [tag("Acked-by", Identity("", f"p{at}@example.com")) for at in range(MOST_PEOPLE + 6)]
    matrix = coverage_matrix(covered(patch(1, *crowd)))
    assert len(matrix.people) == MOST_PEOPLE
    assert matrix.further == 7
    assert matrix_lines(covered(patch(1, *crowd)))[-1].startswith("37 more people")


def test_a_series_without_review_has_no_table() -> None:
    bare = PatchCoverage(number=1, message_id=MessageId("p@x"), title="t", tags=())
    assert matrix_lines(covered(bare)) == []
