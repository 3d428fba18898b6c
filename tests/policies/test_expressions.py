"""What the scanner of `${...}` finds, and what it must not take for a reference."""

import pytest

from policies.expressions import Expression, references, template

CASES = {
    "${aws_kms_key.a.arn}": ["aws_kms_key.a.arn"],
    "x-${aws_s3_bucket.b[0].id}/*": ["aws_s3_bucket.b[0].id"],
    '${aws_subnet.s["a.b"].id}': ['aws_subnet.s["a.b"].id'],
    "${data.aws_region.here.name}": ["data.aws_region.here.name"],
    "${module.net.vpc_id}": ["module.net.vpc_id"],
    "${var.suffix}-${local.name}": ["var.suffix", "local.name"],
    "$${aws_lb.web.arn}": [],
    "%%{ if aws_lb.web.arn }": [],
    "aws_lb.web.arn": [],
    '${"aws_lb.web.arn"}': [],
    '${"x${aws_lb.web.arn}"}': ["aws_lb.web.arn"],
    '${jsonencode({aws_lb = aws_lb.a.arn, "b": aws_lb.b.arn})}': ["aws_lb.a.arn", "aws_lb.b.arn"],
    "${{ a = { b = var.c } }}": ["var.c"],
    "${[for k, v in aws_subnet.n : v.id if k != var.skip]}": ["aws_subnet.n", "var.skip"],
    "${{for k in local.keys : k => k.id}}": ["local.keys"],
    "${var.on ? aws_a.b.c : aws_d.e.f}": ["var.on", "aws_a.b.c", "aws_d.e.f"],
    '%{ if var.a == "x" }yes${aws_q.r.s}%{ endif }': ["var.a", "aws_q.r.s"],
    "${element(aws_s.p[*].id, count.index)}": ["aws_s.p.id", "count.index"],
    "${aws_s.p.*.id}": ["aws_s.p.id"],
    "${aws_l.m[count.index].arn}": ["count.index", "aws_l.m.arn"],
    "${provider::aws::arn_parse(aws_a.b.arn).region}": ["aws_a.b.arn"],
    '${(aws_db_instance.db)["password"]}': ["aws_db_instance.db.password"],
    "${(aws_lb.a).arn}-${upper(aws_lb.b).x}": ["aws_lb.a.arn", "aws_lb.b"],
    "${tolist(aws_acm.c.options)[0].name}": ["aws_acm.c.options"],
    "${aws_a.b.c /* aws_x.y.z */ }": ["aws_a.b.c"],
    "${aws_a.b.c # aws_x.y.z\n}": ["aws_a.b.c"],
    "${<<EOT\n${aws_in.doc.id} aws_x.y.z\nEOT\n}": ["aws_in.doc.id"],
    "${aws_cluster.c.endpoints[0].port}": ["aws_cluster.c.endpoints[0].port"],
    "${true}": [],
    "${path.module}/x": ["path.module"],
    "": [],
}


@pytest.mark.parametrize("text", CASES, ids=str)
def test_scanner_finds_each_reference_and_nothing_else(text: str) -> None:
    assert [str(reference) for reference in references(text)] == CASES[text]


@pytest.mark.parametrize(
    ("text", "is_one_traversal"),
    [
        ("${aws_a.b.c}", True),
        ("${ aws_a.b.c }", True),
        ("${aws_a.b[0].c}", True),
        ("${sensitive(aws_a.b.c)}", True),
        ("${upper(aws_a.b.c)}", False),
        ("${aws_a.b.c", False),
        ('${aws_a.b.c == "x"}', False),
    ],
)
def test_a_traversal_is_told_from_an_expression_around_it(text: str, is_one_traversal: bool) -> None:
    [part] = template(text)
    assert isinstance(part, Expression)
    assert (part.traversal is not None) is is_one_traversal


@pytest.mark.parametrize(
    ("text", "value"), [("${true}", True), ("${90}", 90), ("${-1.5}", -1.5), ("${null}", None), ('${"a b"}', "a b")]
)
def test_literals_inside_an_expression_are_values(text: str, value: object) -> None:
    [part] = template(text)
    assert isinstance(part, Expression)
    assert part.literal == (value,)


def test_escapes_are_text() -> None:
    assert template("a$${b}") == ("a${b}",)
    assert template("a%%{b}") == ("a%{b}",)
