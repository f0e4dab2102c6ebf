"""The files of lake tables below a folder: what is none is left alone. Needs no extra."""

import os
from pathlib import Path

from catalog.connections.connectors import lakefiles
from catalog.connections.connectors.delta import DeltaConnector
from tests.catalog.connections.connectors.support import configured, context


def test_a_pipe_among_the_files_of_a_log_is_not_waited_for(tmp_path: Path) -> None:
    log = tmp_path / "orders" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_text("{}")
    os.mkfifo(log / f"{1:020}.json")
    (log / "folder").mkdir()
    config = configured(DeltaConnector(), location=str(tmp_path))
    with lakefiles.opened(config, context(tmp_path)) as files:
        assert [Path(file.path).name for file in files.listed("orders/_delta_log")] == [f"{0:020}.json"]
