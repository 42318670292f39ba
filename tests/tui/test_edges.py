"""Every kind of change that a diff can say, in the reader: in each layout, wrapped or not, wide and narrow."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from core.diff.parse import read_diff
from tests.tui.mails import mail
from tests.tui.reader import everything, reading, screen, settle
from tui.reader.diff import DiffBlock
from tui.reader.diff_layout import LAYOUTS, Layout

# ~ is a tab, ^ a carriage return, · a blank at a line's end.
EDGES = (
    """\
diff --git a/old name.c b/new name.c
similarity index 90%
rename from old name.c
rename to new name.c
index 1111111..2222222 100644
--- a/old name.c~
+++ b/new name.c~
@@ -1,3 +1,3 @@ int main(void)
 int a;
-int b;
+int bb;
 int c;
diff --git a/moved.c b/sub/moved.c
similarity index 100%
rename from moved.c
rename to sub/moved.c
diff --git a/run.sh b/run.sh
old mode 100644
new mode 100755
diff --git a/new.txt b/new.txt
new file mode 100644
index 0000000..1111111
--- /dev/null
+++ b/new.txt
@@ -0,0 +1,2 @@
+one
+two··
\\ No newline at end of file
diff --git a/empty.txt b/empty.txt
new file mode 100644
index 0000000..e69de29
diff --git a/gone.txt b/gone.txt
deleted file mode 100644
index 1111111..0000000
--- a/gone.txt
+++ /dev/null
@@ -1,2 +0,0 @@
-one
-two
diff --git a/pic.png b/pic.png
new file mode 100644
index 0000000..1111111
GIT binary patch
literal 1200
TcmZQzU|?WkU|?Wk00961000&M

literal 0
HcmV?d00001

diff --git a/lib/sub b/lib/sub
index 1111111..2222222 160000
--- a/lib/sub
+++ b/lib/sub
@@ -1 +1 @@
-Subproject commit 1111111
+Subproject commit 2222222
diff --git a/link b/link
new file mode 120000
index 0000000..1111111
--- /dev/null
+++ b/link
@@ -0,0 +1 @@
+target/of/the/link
\\ No newline at end of file
diff --git a/dos.txt b/dos.txt
index 1111111..2222222 100644
--- a/dos.txt
+++ b/dos.txt
@@ -1,3 +1,3 @@
 one^
-two^
+two and a half^
 three^
diff --cc merge.c
index 1111111,2222222..3333333
--- a/merge.c
+++ b/merge.c
@@@ -1,3 -1,3 +1,4 @@@ int merged(void)
  int a;
- int b;
 -int x;
++int y;
+ int z;
  int c;
diff --git a/tabs.c b/tabs.c
index 1111111..2222222 100644
--- a/tabs.c
+++ b/tabs.c
@@ -1,3 +1,4 @@
 ~if (a)
-~~b(1);
+~~b(2);~
+ ~mixed();
 ~c;~x
""".replace("~", "\t")
    .replace("^", "\r")
    .replace("·", " ")
)
PATCH = f"Subject: [PATCH] edges\nMessage-ID: <e@x>\nContent-Type: text/plain; charset=utf-8\n\nWords.\n---\n{EDGES}-- \n2\n"


def bars(width: int = 100) -> list[str]:
    block = DiffBlock(read_diff(EDGES), width, numbers=False, headers=False)
    return [" ".join(block.row(at).text.split()) for at in block.file_rows]


def test_bars_say_what_happens_to_files() -> None:
    assert bars() == [
        "new name.c renamed from old name.c +1 −1",
        "sub/moved.c renamed from moved.c",
        "run.sh mode 100644 → 100755",
        "new.txt new file +2",
        "empty.txt new file · empty",
        "gone.txt deleted −2",
        "pic.png new file · binary, 1,200 bytes",
        "lib/sub submodule +1 −1",
        "link new file · symbolic link +1",
        "dos.txt +1 −1",
        "merge.c merge of 2 +2 −2",
        "tabs.c +2 −1",
    ]


async def test_no_bytes_of_a_binary_file_are_shown() -> None:
    async with reading(mail(PATCH)) as (view, _):
        rows = everything(view)
    assert not any("cmZQ" in row or "literal" in row for row in rows)
    assert "\\ No newline at end of file" in "\n".join(rows)
    assert "+                b(2);" in "\n".join(rows), "tabs count from behind the sign"
    assert "++int y;" in "\n".join(rows), "both columns of a merge"


def test_white_space_that_is_wrong_is_marked() -> None:
    block = DiffBlock(read_diff(EDGES), 100, numbers=False, headers=False)
    marked = {
        block.row(at).text: (start, end)
        for at in range(block.count)
        for start, end, look in block.row(at).marks
        if look == "whitespace-error"
    }
    assert marked["+two  "] == (4, 6)
    assert {text for text in marked if "mixed" in text or "b(2)" in text} == {
        "+                b(2);   ", "+        mixed();",
    }  # fmt: skip
    assert not any(text.startswith("+two and") for text in marked), "a line end of DOS is none"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("width", [12, 40, 80, 160])
def test_rows_in_every_way(layout: Layout, wrap: bool, width: int) -> None:
    for numbers in (False, True):
        diff = read_diff(EDGES)
        block = DiffBlock(diff, width, numbers=numbers, headers=True, layout=layout, wrap=wrap)
        assert block.texts() == [block.row(at).text for at in range(block.count)]
        assert len(block.separators()) == block.count
        for at in range(block.count):
            assert 0 <= block.row_of(block.line_of(at)) < block.count
            row = block.row(at)
            if "│" in row.text and width >= 40:
                assert cell_len(row.text) == width


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_the_screen_keeps_its_width(size: tuple[int, int]) -> None:
    async with reading(mail(PATCH), size) as (view, pilot):
        for _ in LAYOUTS:
            for _ in range(2):
                view.action_toggle_wrap()
                view.action_top()
                for _ in range(8):
                    view.action_page(1)
                    await settle(pilot)
                    for y in range(view.size.height):
                        width = view.scrollable_content_region.width
                        assert view.render_line(y).cell_length == width
            view.action_next_layout()


async def test_a_patch_that_changes_nothing_is_a_mail() -> None:
    async with reading(mail("Subject: [PATCH] nothing\n\nNothing.\n\nSigned-off-by: a <a@x>\n---\n-- \n2\n")) as (view, _):  # fmt: skip
        assert view.files.paths == []
        assert any("Nothing." in row for row in screen(view))
