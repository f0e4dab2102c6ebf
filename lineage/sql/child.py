"""The process in which SQL is read: a question a line on standard input, its statements a line on standard output.

It knows no Django and no database, and holds nothing that is not in the question. Started by `apart`.
"""

import json
import resource
import sys

from lineage.sql.reading import read
from lineage.sql.shapes import as_data, question_from

MEMORY = 1_500 * 2**20  # bytes it may address
DEPTH = 3_000  # calls within calls; far below where the stack of the process ends


def main() -> None:
    """Answer until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.setrecursionlimit(DEPTH)
    for line in sys.stdin:
        answer = [as_data(statement) for statement in read(question_from(json.loads(line)))]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
