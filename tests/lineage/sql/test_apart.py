"""The process in which SQL is read: it answers, and what hangs in it is given up."""

import time

from lineage.sql.apart import SqlReader
from lineage.sql.shapes import Question, Table

WIDE = (Table(("t",), tuple(f"c{number}" for number in range(50))),)


def test_one_process_reads_many_texts() -> None:
    with SqlReader() as reader:
        found = list(
            reader.read_all(
                [Question(f"select c{number} from t", "", WIDE) for number in range(5)]  # noqa: S608  # a test's own
            )
        )
    assert [one[0].columns for one in found] == [(f"c{number}",) for number in range(5)]


def test_what_takes_too_long_is_given_up_and_the_next_text_is_read() -> None:
    doubling = ", ".join(f"a{n - 1} + a{n - 1} as a{n}" for n in range(1, 40))
    with SqlReader(seconds=2) as reader:
        began = time.monotonic()
        (slow,) = reader.read(Question(" ".join(["select c1 as a0,", doubling, "from t"]), "", WIDE))
        took = time.monotonic() - began
        (after,) = reader.read(Question("select c1 from t", "", WIDE))
    assert took < 60  # two tries of two seconds, and the start of processes on a busy machine
    assert slow.reads == (("t",),)
    assert not slow.links
    assert any("too long" in problem for problem in slow.problems)
    assert after.columns == ("c1",)
