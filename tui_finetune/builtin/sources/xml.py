"""xml: elements that come again and again as rows, their attributes and parts as columns (the extra `formats`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_finetune.data.filesource import FileSource, FileTable, Looked
from tui_finetune.data.problems import refused
from tui_finetune.data.tablefiles import column_of, needed
from tui_finetune.plugin_api import Progress

if TYPE_CHECKING:
    import pyarrow as pa
    from pydantic import BaseModel

    Row = dict[str, list[str]]
DEEPEST = 100
"""Elements within elements; data have few."""


class Xml(FileSource):
    name = "xml"
    help = "XML: the element that comes most often is a row; its attributes and the elements in it are columns."
    extensions = (".xml",)

    def options_model(self) -> type[BaseModel]:
        from tui_finetune.data.options import SourceOptions

        return SourceOptions

    def matches_file(self, path: Path) -> float:
        return 0.9 if path.suffix.lower() in self.extensions else 0.0

    def read(self, looked: Looked, options: Mapping[str, Any], progress: Progress) -> FileTable:
        import pyarrow as pa

        path = looked.file.path
        root = _root(path)
        tag, elements = _records(root)
        if not elements:
            raise refused("holds no element that comes more than once.", path)
        rows = [_row(element) for element in elements]
        names = dict.fromkeys(name for row in rows for name in row)
        many = {name for name in names if any(len(row.get(name, ())) > 1 for row in rows)}
        columns = [
            column_of([row.get(name) if name in many else next(iter(row.get(name, ())), None) for row in rows])
            for name in names
        ]
        progress(f"reading {path.name}", len(rows), len(rows))
        note = f"Elements <{tag}> of {path.name} are its rows: the ones that come most often."
        return FileTable(pa.table(columns, names=list(names)), f"xml, an element {tag} a row", [note])

    def settle(self, tables: dict[str, list[pa.Table]]) -> dict[str, list[pa.Table]]:
        return tables


def _root(path: Path) -> Any:
    """The whole tree; entities and outside references are refused, not followed. Raises DataError."""
    tree = needed("defusedxml.ElementTree", path)
    unsafe = needed("defusedxml", path).DefusedXmlException
    try:
        with path.open("rb") as file:
            return tree.parse(file, forbid_dtd=False, forbid_entities=True, forbid_external=True).getroot()
    except tree.ParseError as error:
        raise refused(f"no XML: {error}.", path, error.position[0]) from error
    except unsafe as error:
        raise refused("defines entities, which data do not need and a bomb does.", path) from error
    except (RecursionError, LookupError) as error:
        raise refused(f"cannot be read: {error}.", path) from error


def _records(root: Any) -> tuple[str, list[Any]]:
    """The elements of the name that comes most often below one level, the outermost where several are alike."""
    level = [root]
    for _ in range(DEEPEST):
        below = [child for element in level for child in element]
        counts = Counter(child.tag for child in below)
        if counts and (most := counts.most_common(1)[0])[1] > max(1, len(level)):
            return _plain(most[0]), [child for child in below if child.tag == most[0]]
        if not below:
            break
        level = below
    return "", []


def _row(element: Any) -> Row:
    """Attributes, own text, and what the elements in it hold; deeper ones with a dot."""
    found: Row = {name: [value] for name, value in element.attrib.items()}
    if (own := (element.text or "").strip()) or not len(element):
        found["text" if "text" not in found else "content"] = [own]
    _add(found, element, "", 0)
    return found


def _add(found: Row, element: Any, prefix: str, depth: int) -> None:
    for child in element:
        name = f"{prefix}{_plain(child.tag)}"
        text = "".join(child.itertext()).strip() if depth == DEEPEST or not len(child) else (child.text or "").strip()
        if text or not len(child):
            found.setdefault(name, []).append(text)
        for key, value in child.attrib.items():
            found.setdefault(f"{name}.{key}", []).append(value)
        if depth < DEEPEST:
            _add(found, child, f"{name}.", depth + 1)


def _plain(tag: Any) -> str:
    """The name without its namespace."""
    return str(tag).rpartition("}")[2]
