"""YAML to plain data from the event stream, with bounds; the rules stand in `documents`."""

import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from catalog.common.errors import Problem
from catalog.common.paths import child_path

MAX_DEPTH = 60
MAX_NODES = 500_000  # keys and values together, aliases expanded

_BASE_60 = re.compile(r"[-+]?\d[\d_]*(:[0-5]?\d)+(\.\d*)?\Z")


class Unreadable(Exception):
    """The document cannot become data; carries the one problem that says why."""

    def __init__(self, rule: str, message: str, path: str = "$") -> None:
        self.problem = Problem(path, rule, message)
        super().__init__(message)


class _Resolver(yaml.resolver.Resolver):
    """Which plain scalars are numbers, truth values and null; dates stay text."""


_Resolver.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in rules if not tag.endswith(":timestamp")]
    for first, rules in yaml.resolver.Resolver.yaml_implicit_resolvers.items()
}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_MERGE = "tag:yaml.org,2002:merge"
_KNOWN_TAGS = {
    f"tag:yaml.org,2002:{name}": getattr(_CONSTRUCTOR, f"construct_yaml_{name}")
    for name in ("null", "bool", "int", "float")
}
_TEXT_TAGS = {"tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value", "!"}
_CONTAINER_TAGS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "!"}


@dataclass(slots=True)
class _Frame:
    """A mapping or sequence being filled."""

    value: Any  # dict or list
    path: str
    anchor: str | None
    key: Any = None  # of a mapping: the key read last
    has_key: bool = False
    merges: list[Any] = field(default_factory=list)


class YamlReader:
    """Builds data from YAML events with an explicit stack."""

    def __init__(self, text: str, *, lines: dict[str, int] | None = None) -> None:
        self.text = text
        self.lines = lines
        self.resolver: Any = _Resolver()
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Any, int]] = {}  # value and how many nodes it stands for
        self.count = 0
        self.starts: list[int] = []
        self.root: Any = None
        self.documents = 0

    def read(self) -> Any:
        try:
            for event in yaml.parse(self.text, Loader=_LOADER):
                self._take(event)
        except yaml.YAMLError as error:
            raise Unreadable("yaml", _explained(error)) from error
        except (RecursionError, OverflowError) as error:
            raise Unreadable("depth", f"Values are nested deeper than {MAX_DEPTH} levels.") from error
        if self.documents == 0:
            raise Unreadable("empty", "The document is empty.")
        return self.root

    def _take(self, event: Any) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise self._error(
                        "several-documents", event, "A second document begins. Keep one document in a file"
                    )
            case yaml.ScalarEvent():
                self._add(self._scalar(event), event, event.anchor)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._open(event, {} if isinstance(event, yaml.MappingStartEvent) else [])
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close(event)

    def _scalar(self, event: Any) -> Any:
        tag = event.tag
        if tag is None or (tag == "!" and event.implicit[0]):
            tag = self.resolver.resolve(yaml.ScalarNode, event.value, event.implicit)
        if tag == _MERGE:
            return _MERGE_KEY
        if tag in _TEXT_TAGS or (tag in _KNOWN_TAGS and _BASE_60.match(event.value)):
            return event.value
        if tag not in _KNOWN_TAGS:
            raise self._error("tag", event, f"The tag {tag} is not read here. Write the plain value")
        try:
            value = _KNOWN_TAGS[tag](yaml.ScalarNode(tag, event.value))
        except (ValueError, KeyError, OverflowError) as error:
            raise self._error("yaml", event, f"{event.value[:60]!r} cannot be read ({error})") from error
        if isinstance(value, float) and not math.isfinite(value):
            return event.value  # .nan and .inf have no place in JSON: kept as text
        return value

    def _alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            raise self._error("alias", event, f"The alias *{event.anchor} points at nothing read before it")
        value, size = self.anchors[event.anchor]
        self._grow(event, size)
        self._add(value, event, None)

    def _open(self, event: Any, value: Any) -> None:
        if event.tag is not None and event.tag not in _CONTAINER_TAGS:
            raise self._error(
                "tag", event, f"The tag {event.tag} is not read here. Write a plain list or map"
            )
        if len(self.stack) >= MAX_DEPTH:
            raise self._error("depth", event, f"Values are nested deeper than {MAX_DEPTH} levels")
        frame = self.stack[-1] if self.stack else None
        if frame and isinstance(frame.value, dict) and not frame.has_key:
            raise self._error("key", event, "A key is a list or a map. Keys must be text")
        self.starts.append(self.count)
        self.stack.append(_Frame(value, self._path_of_next(), event.anchor))
        self._note_line(self.stack[-1].path, event)

    def _close(self, event: Any) -> None:
        frame = self.stack.pop()
        for merged in frame.merges:
            for key, value in merged.items():
                frame.value.setdefault(key, value)
        size = self.count - self.starts.pop() + 1
        if frame.anchor:
            self.anchors[frame.anchor] = (frame.value, size)
        self._add(frame.value, event, None, is_closed=True)

    def _add(self, value: Any, event: Any, anchor: str | None, *, is_closed: bool = False) -> None:
        self._grow(event, 1)
        if anchor:
            self.anchors[anchor] = (value, 1)
        if not self.stack:
            self.root = value
            return
        frame = self.stack[-1]
        if isinstance(frame.value, list):
            if not is_closed:
                self._note_line(f"{frame.path}[{len(frame.value)}]", event)
            frame.value.append(value)
        elif not frame.has_key:
            frame.key, frame.has_key = self._key(value, frame, event), True
        elif frame.key is _MERGE_KEY:
            self._merge(frame, value, event)
        else:
            frame.value[frame.key] = value
            frame.has_key = False

    def _key(self, value: Any, frame: _Frame, event: Any) -> Any:
        if value is _MERGE_KEY:
            return value
        if value is None or isinstance(value, dict | list):
            raise self._error("key", event, "A key is empty, a list or a map. Keys must be text")
        key = value if isinstance(value, str) else event.value if hasattr(event, "value") else str(value)
        if key in frame.value:
            raise self._error(
                "duplicate-key",
                event,
                f"The key {key!r} stands twice in one map. Keep one of them",
                child_path(frame.path, key),
            )
        self._note_line(child_path(frame.path, key), event)
        return key

    def _merge(self, frame: _Frame, value: Any, event: Any) -> None:
        sources = value if isinstance(value, list) else [value]
        if not all(isinstance(source, dict) for source in sources):
            raise self._error("merge", event, "'<<' merges maps only")
        self._grow(event, sum(len(source) for source in sources))
        frame.merges.extend(sources)
        frame.has_key = False

    def _grow(self, event: Any, by: int) -> None:
        self.count += by
        if self.count > MAX_NODES:
            raise self._error("size", event, f"The document grows to more than {MAX_NODES} values")

    def _path_of_next(self) -> str:
        if not self.stack:
            return "$"
        frame = self.stack[-1]
        key = len(frame.value) if isinstance(frame.value, list) else frame.key
        return child_path(frame.path, "<<" if key is _MERGE_KEY else key)

    def _note_line(self, path: str, event: Any) -> None:
        if self.lines is not None:
            self.lines.setdefault(path, event.start_mark.line + 1)

    def _error(self, rule: str, event: Any, message: str, path: str | None = None) -> Unreadable:
        where = path or (self.stack[-1].path if self.stack else "$")
        return Unreadable(rule, f"Line {event.start_mark.line + 1}: {message}.", where)


_MERGE_KEY: Any = object()


def _explained(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    words = getattr(error, "problem", None) or getattr(error, "context", None) or str(error)
    if mark is None:
        return f"This is not YAML: {words}."
    return f"Line {mark.line + 1}, column {mark.column + 1}: this is not YAML: {words}."
