"""What a file was drawn from: the request and the diagram's text, stored in every format and read back from any.

    python -c "from diagen.render.source import read_source; print(read_source('01.pptx').text)"

.pptx keeps it in an XML part of its own, .drawio and .svg in an element, .pdf in its XMP packet, .png in a text
chunk, .mmd and .dot in a comment.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zipfile
import zlib
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape, quoteattr

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from diagen import DiagenError

NAMESPACE = "urn:diagen:source:1"
KEY = "diagen"  # of the chunk in a PNG, of the comment in Mermaid and DOT
DATA = "diagen-"  # before the names of attributes in a .drawio, whose data knows no namespaces
PART = "customXml/item1.xml"  # in a .pptx
FORMATS = ("pptx", "drawio", "pdf", "svg", "png", "mmd", "dot")
MOST_BYTES = 64_000_000  # of a file that is read
MOST_XML = 4_000_000  # of the XML that holds a source, unpacked
MOST_PACKETS = 16  # of a PDF that are looked into


@dataclass(frozen=True)
class Source:
    """A request in the user's words ("" where there was none) and the text of the diagram made from it."""

    request: str = ""
    text: str = ""

    def element(self) -> str:
        """As one XML element, for a file that is XML itself or holds some."""
        return f"<d:source xmlns:d={quoteattr(NAMESPACE)} {self.attributes('d:')}/>"

    def attributes(self, prefix: str) -> str:
        """As two attributes of an element."""
        return f"{prefix}request={_quoted(self.request)} {prefix}text={_quoted(self.text)}"

    def comment(self) -> str:
        """As one line of ASCII letters that no comment syntax minds, after the key."""
        return f"{KEY} {base64.b64encode(self.packed().encode()).decode()}"

    def packed(self) -> str:
        """As JSON, for a text chunk."""
        return json.dumps({"request": self.request, "text": self.text}, ensure_ascii=False)

    @classmethod
    def unpacked(cls, text: str | bytes) -> Source:
        """The source that `packed` wrote; ValueError where it is none."""
        value = json.loads(text)
        if not isinstance(value, dict) or not all(isinstance(value.get(k), str) for k in ("request", "text")):
            raise ValueError("no source")
        return cls(value["request"], value["text"])


def clean(text: str) -> str:
    """The text without the characters that XML does not allow."""
    return "".join(c for c in text if c in "\t\n\r" or 0x20 <= ord(c) <= 0xD7FF or 0xE000 <= ord(c) <= 0xFFFD
                   or ord(c) >= 0x10000)  # fmt: skip


def _quoted(text: str) -> str:
    """An attribute's value; line breaks are kept as references."""
    return '"' + escape(clean(text), {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}) + '"'


def read_source(path: str | Path) -> Source:
    """The request and the diagram's text that a drawing carries; DiagenError where it is none of ours."""
    path = Path(path)
    ending = path.suffix.lower().lstrip(".")
    if ending not in FORMATS:
        raise DiagenError(f"{path}: drawings are read from {', '.join('.' + f for f in FORMATS)} files")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DiagenError(f"{path} has more than {MOST_BYTES // 1_000_000} MB; give a drawing that diagen has made")
        content = path.read_bytes()
        found = _READERS[ending](content)
    except OSError as error:
        raise DiagenError(f"{path} cannot be read: {error.strerror or error}") from error
    except (zipfile.BadZipFile, zlib.error, ParseError, DefusedXmlException, ValueError, LookupError, EOFError,
            NotImplementedError, RuntimeError, RecursionError) as error:  # fmt: skip
        raise DiagenError(f"{path} is no drawing of diagen, or is damaged; give the file as it was written") from error
    if found is None:
        raise DiagenError(f"{path} does not say what it was drawn from; give a drawing that diagen has made")
    return found


def _of_xml(content: bytes) -> Source | None:
    """From the first element of ours; a document type and its entities are refused."""
    if len(content) > MOST_BYTES:
        raise ValueError("too large")
    root: Element = fromstring(content, forbid_dtd=True)
    for element in root.iter():
        for prefix in (f"{{{NAMESPACE}}}", DATA):
            text = element.get(f"{prefix}text")
            if text is not None:
                return Source(element.get(f"{prefix}request", ""), text)
    return None


def _of_pptx(content: bytes) -> Source | None:
    import io

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():  # an editor may have numbered it anew
            if re.fullmatch(r"customXml/item\d{1,3}\.xml", info.filename) and info.file_size <= MOST_XML:
                with archive.open(info) as file:
                    found = _of_xml(file.read(MOST_XML))
                if found:
                    return found
    return None


def _of_pdf(content: bytes) -> Source | None:
    """From the XMP packet, which stands in the file as it is, so that no PDF library is needed to find it."""
    for start in islice(re.finditer(rb"<x:xmpmeta", content), MOST_PACKETS):
        end = content.find(b"</x:xmpmeta>", start.start(), start.start() + MOST_XML)
        if end > 0:
            found = _of_xml(content[start.start() : end + len(b"</x:xmpmeta>")])
            if found:
                return found
    if not content.startswith(b"%PDF"):
        raise ValueError("no PDF")
    return None


def _of_png(content: bytes) -> Source | None:
    """From the text chunk; only the lengths of the others are read."""
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ValueError("no PNG")
    at = 8
    while at + 8 <= len(content):
        size, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        body = content[at + 8 : at + 8 + size]
        if kind == b"iTXt" and body.startswith(KEY.encode() + b"\0"):
            packed, method = body[len(KEY) + 1 : len(KEY) + 3]
            text = body[len(KEY) + 3 :].split(b"\0", 2)[2]
            if packed:
                unpacker = zlib.decompressobj()
                text = unpacker.decompress(text, MOST_XML)
            return Source.unpacked(text)
        at += 12 + size
    return None


def _of_comment(content: bytes) -> Source | None:
    match = re.search(rf"^(?:%%|//) {KEY} ([A-Za-z0-9+/=]{{1,{MOST_XML}}})\r?$".encode(), content, re.MULTILINE)
    try:
        return Source.unpacked(base64.b64decode(match[1], validate=True)) if match else None
    except binascii.Error as error:
        raise ValueError("damaged") from error


_READERS = {
    "pptx": _of_pptx, "drawio": _of_xml, "svg": _of_xml, "pdf": _of_pdf, "png": _of_png, "mmd": _of_comment,
    "dot": _of_comment,
}  # fmt: skip
