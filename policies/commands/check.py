"""Judges stacks, plans or states by our policies, and by Checkov when asked."""

import argparse
import contextlib
import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from policies import attestation, disk
from policies.commands import judging, output
from policies.documents import Document
from policies.errors import InputError
from policies.formats import FORMATS, Format, Presentation
from policies.result import GateResult, Validation
from policies.visible import visible

TERRAFORMS = 2  # at once: each takes a core for seconds
_FORMATS = "".join(f"  {name:<10}{one.purpose}\n" for name, one in FORMATS.items())
EXAMPLES = f"""\
{judging.PATHS}
exit codes:
  0  every assessment passes, is waived, or is an old finding of the --baseline
  1  at least one failed
  2  none failed, some are undetermined (see --undetermined)
  3  the tool could not judge: bad input, nothing to judge, internal error

formats (each run may write several, each to a place of its own):
{_FORMATS}
examples:
  python -m policies check
  python -m policies check plan.json --policy imdsv2-required --policy required-tags
  python -m policies check --policy imdsv2-required --address aws_launch_template.web
  python -m policies check plan.json --configuration cdktf.out/stacks/portal
  python -m policies check --checkov --validate --format text --format json=build/gate-result.json
  python -m policies check --format text --format sarif=build/gate.sarif --format junit=build/gate.xml
  python -m policies check --format github --format markdown="$GITHUB_STEP_SUMMARY"
  python -m policies check --format text --format gitlab=build/gl-code-quality-report.json
  python -m policies check --baseline baseline.json
  python -m policies check plan.json --configuration cdktf.out/stacks/portal --subject plan.bin --attestation a.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares what to judge, and what to do with the result."""
    judging.add_arguments(parser)
    parser.add_argument(
        "--configuration",
        type=Path,
        metavar="PATH",
        help="what the plan was made from: shows what the plan knows only after apply, and which stack it is",
    )
    parser.add_argument(
        "--address",
        action="append",
        metavar="ADDR",
        help="only the verdicts on this resource, with or without its instance key; repeatable",
    )
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help="old findings, which do not fail the run; see `baseline --help`"
    )
    parser.add_argument("--no-baseline", dest="baseline", action="store_const", const=None, help="old findings fail")
    parser.add_argument(
        "--validate",
        nargs="?",
        const="auto",
        choices=("auto", "require"),
        help="ask terraform validate as well: where it can be had (auto), or else end with 3 (require)",
    )
    parser.add_argument(
        "--attestation",
        type=Path,
        metavar="FILE",
        help="write the verdict on the digests of what was judged: an in-toto statement, SLSA verification summary; "
        "nothing is taken from earlier runs then",
    )
    parser.add_argument(
        "--subject",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="attest this file as well, such as the binary plan that a plan's JSON was printed from; repeatable",
    )
    output.add_arguments(parser)
    parser.add_argument("--output", type=Path, metavar="FILE", help="where a --format without a file of its own goes")


def run(options: argparse.Namespace) -> int:
    """Judges, writes the result in every format asked for, and attests it when asked."""
    formats = [(FORMATS[name], path) for name, path in output.formats(options.format, options.output)]
    try:
        return _run(options, formats)
    except Exception:
        for path in [path for _, path in formats if path]:
            with contextlib.suppress(InputError):
                disk.discard(path)  # what stands there is of an earlier run, and would pass for this one's
        raise


def _run(options: argparse.Namespace, formats: Sequence[tuple[Format, Path | None]]) -> int:
    if options.attestation:
        _refuse_half_truths(options)
        options.no_cache = True  # whoever deploys by it relies on what was judged now
        attestation.discard(options.attestation)
    with ThreadPoolExecutor(TERRAFORMS) as beside:  # Terraform runs in processes of its own while the rest is judged
        result = judging.judge(options, lambda written: _validation(written, options, beside))
    code = result.exit_code(undetermined_fails=options.undetermined == "fail")
    for written, path in formats:
        colour = path is None and sys.stdout.isatty() and "NO_COLOR" not in os.environ
        output.write(written.write(result, Presentation(code, colour)), path)
    if options.attestation and not result.unjudged():
        _attest(result, options)
    for stack in result.unjudged():
        print(visible(f"policies: {stack}: no resource in it was judged"), file=sys.stderr)
    return code


def _validation(
    written: Sequence[Document], options: argparse.Namespace, beside: ThreadPoolExecutor
) -> Iterable[Validation]:
    if options.validate is None:
        return ()
    from policies import terraform

    cache = None if options.no_cache else terraform.CACHE
    return beside.map(partial(terraform.validate, required=options.validate == "require", cache=cache), written)


def _refuse_half_truths(options: argparse.Namespace) -> None:
    """An attestation says that all of a stack passes today; whoever reads it does not see what was left out."""
    if options.today:
        raise InputError("--today: an attestation is about the day it is made on")
    if options.address or options.baseline:
        left_out = "--address" if options.address else "--baseline"
        raise InputError(f"{left_out}: an attestation is about every finding of the stack")


def _attest(result: GateResult, options: argparse.Namespace) -> None:
    statement = attestation.statement(
        result,
        options.subject,
        policy_set=result.tools["policies"],
        waivers=judging.waivers_file(options),
        environment=options.environment,
    )
    attestation.write(statement, options.attestation)
