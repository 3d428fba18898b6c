"""The line of a resource in its JSON, in every shape of the syntax that the gate reads."""

import codecs
import json
from pathlib import Path

import pytest

from policies.formats.json_lines import resource_lines

LAID_OUT = """{
  "//": {"resource": {"aws_sns_topic": {"comment": {}}}},
  "resource": {
    "aws_sns_topic": {
      "one": {"name": "resource"},

      "two": {"policy": "{\\"resource\\": {\\"aws_x\\": {\\"inner\\": {}}}}"}
    },
    "aws_sqs_queue": {"three": {}}
  },
  "data": {"aws_region": {
    "here": {}}}
}
"""
LINES = {
    "aws_sns_topic.one": 5,
    "aws_sns_topic.two": 7,
    "aws_sqs_queue.three": 9,
    "data.aws_region.here": 12,
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_resource_and_data_source_is_on_its_line(encoding: str, newline: str, tmp_path: Path) -> None:
    file = tmp_path / "x.tf.json"
    file.write_bytes(LAID_OUT.replace("\n", newline).encode(encoding))
    assert resource_lines(file) == LINES


def test_arrays_stand_for_blocks_at_every_level(tmp_path: Path) -> None:
    file = tmp_path / "x.tf.json"
    file.write_text(
        '[{"resource": [\n{"aws_a": [{\n"one": [{}]}, {\n"two": {}}]},\n{"aws_b": {"three": {}}}]},\n{"data": []}]'
    )
    assert resource_lines(file) == {"aws_a.one": 3, "aws_a.two": 4, "aws_b.three": 5}


def test_names_are_read_as_json_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "x.tf.json"
    file.write_text('{"resource": {"aws_a": {\n"\\u0062": {},\n"c\\"d": {}}}}')
    assert resource_lines(file) == {"aws_a.b": 2, 'aws_a.c"d': 3}


BROKEN = {
    "nothing": b"",
    "an open object": b"{",
    "a key alone": b'{"resource"',
    "cut short": b'{"resource": {"a": {"b": ',
    "too deep": b"[" * 100_000,
    "no characters": b"\xff\xfe\xfa",
    "a byte order mark": codecs.BOM_UTF8,
    "a string": b'"text"',
    "sections that are none": b'{"resource": 3, "data": null}',
    "types that are none": b'{"resource": {"a": [1, "x", null]}}',
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_what_is_no_terraform_json_has_no_lines_and_ends_no_run(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.tf.json"
    file.write_bytes(content)
    assert resource_lines(file) == {}


def test_a_file_that_went_away_has_no_lines(tmp_path: Path) -> None:
    assert resource_lines(tmp_path / "gone.tf.json") == {}


def test_a_large_stack_is_read_in_one_pass(tmp_path: Path) -> None:
    names = {f"r{n}": {"tags": {"x": "y" * 50}} for n in range(5_000)}
    file = tmp_path / "x.tf.json"
    file.write_text(json.dumps({"resource": {"aws_a": names}}, indent=1))
    lines = resource_lines(file)
    assert lines["aws_a.r0"] == 4
    assert lines["aws_a.r4999"] == 4 + 4999 * 5
