"""The command line: a stack in, an account of its deployment out. See `python -m deployment --help`."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

from deployment import applying, destroying, outputs, planning
from deployment.errors import FAILED, NOT_DEPLOYED, DeploymentError, NotDeployedError
from deployment.progress import step
from deployment.stack import FOLDER, Deployment
from deployment.synthesis import stacks, synthesize
from policies.masking import masked
from policies.tagging.environments import may_be_production
from policies.visible import visible

SYNTHESIZED = Path("cdktf.out")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_EPILOG = """\
What a plan leaves is in build/deployment/STACK, which is all that an apply in another job needs. The attestation there
is not signed: where others could write to it, sign it in the one job and verify the signature in the other, for example
with `cosign sign-blob`.

exit codes:
  0  done
  1  a policy failed and nothing was changed; or Terraform began and did not finish, was interrupted, or we failed
  2  no policy failed, but some could not be decided: nothing was changed
  3  nothing was changed: bad input, a missing tool, no credentials, a locked state, or something that is not what the
     gate judged

examples:
  python -m deployment deploy portal                   # plan and apply
  python -m deployment plan portal                     # for an approval in between
  python -m deployment apply portal
  python -m deployment destroy portal                  # asks for the name; --yes does not, nor destroy production
  python -m deployment outputs transactions | jq -r .invoke_url
  ENVIRONMENT=staging ENVIRONMENT_SUFFIX=staging TF_STATE_BUCKET=states python -m deployment plan portal
"""


class Interrupted(BaseException):
    """A signal asked us to end; not an Exception, so that nothing takes it for an error of its own."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    begun = time.monotonic()
    try:
        done = _COMMANDS[options.command](options)
    except DeploymentError as error:
        message, code = str(error), error.exit_code
    except Interrupted:
        message = "interrupted: Terraform was asked to stop and has ended; what it had done stands in the state"
        code = FAILED
    except Exception as error:
        if os.environ.get("DEPLOYMENT_TRACEBACK"):
            raise
        message = f"internal error: {type(error).__name__}: {error} (DEPLOYMENT_TRACEBACK=1 shows where)"
        code = FAILED  # which does not promise that nothing was changed
    else:
        if done:
            print(f"{options.command} of {options.stack}: {done}, {time.monotonic() - begun:.0f} s")
        return 0
    sys.stdout.flush()
    print(f"deployment: {visible(masked(' '.join(message.split())))}", file=sys.stderr)
    return code


def _plan(options: argparse.Namespace) -> str:
    deployment = _deployment(options, synthesized=True)
    with deployment.alone():
        planning.plan(deployment)
    return f"judged, attested and ready to apply in {deployment.folder}"


def _apply(options: argparse.Namespace) -> str:
    deployment = _deployment(options, synthesized=False)
    with deployment.alone():
        applying.apply(deployment)
    return "applied"


def _deploy(options: argparse.Namespace) -> str:
    deployment = _deployment(options, synthesized=True)
    with deployment.alone():
        planning.plan(deployment)
        applying.apply(deployment)
    return "applied"


def _destroy(options: argparse.Namespace) -> str:
    if options.yes and may_be_production(_environment()):
        raise NotDeployedError(f"{options.stack}: --yes does not destroy {_environment()}: somebody has to be asked")
    deployment = _deployment(options, synthesized=True)
    asked_for = f"destroy {options.stack} of {deployment.environment}" if deployment.in_production else options.stack

    def confirmed(goes: str) -> bool:
        print(goes, flush=True)
        if options.yes:
            return True
        if not sys.stdin.isatty():
            instead = "" if deployment.in_production else ": --yes confirms"
            raise NotDeployedError(f"{options.stack}: standard input is no terminal to ask on{instead}")
        print(f"  This destroys {options.stack} ({deployment.environment}). Type `{asked_for}`: ", end="", flush=True)
        return sys.stdin.readline().strip() == asked_for

    with deployment.alone():
        left = destroying.destroy(deployment, confirmed)
    if left:
        raise DeploymentError(f"{options.stack}: left in the state: {', '.join(left)}")
    return "destroyed, nothing is left in the state"


def _outputs(options: argparse.Namespace) -> str:
    deployment = _deployment(options, synthesized=True)
    with deployment.alone():
        print(outputs.outputs(deployment))
    return ""  # standard output is the JSON and nothing else


_COMMANDS: Mapping[str, Callable[[argparse.Namespace], str]] = {
    "plan": _plan,
    "apply": _apply,
    "deploy": _deploy,
    "destroy": _destroy,
    "outputs": _outputs,
}
_HELP = {
    "plan": "judge the stack, plan, judge the plan, attest",
    "apply": "apply what was planned, if it is what was judged",
    "deploy": "plan and apply",
    "destroy": "plan to destroy, show, ask, destroy",
    "outputs": "print what a deployed stack gives out, as flat JSON",
}


def _deployment(options: argparse.Namespace, *, synthesized: bool) -> Deployment:
    """The stack that is meant; what is `synthesized` is so now, unless the caller has done it."""
    settings = os.environ.get("TF_CLI_CONFIG_FILE")
    if settings and not Path(settings).exists():  # Terraform would warn, and look for providers elsewhere
        raise NotDeployedError(f"TF_CLI_CONFIG_FILE names {settings}, which is not there")
    if os.environ.get("TF_REATTACH_PROVIDERS"):
        raise NotDeployedError("with TF_REATTACH_PROVIDERS, Terraform takes a provider that no lock speaks of")
    output = options.synthesized or SYNTHESIZED
    if synthesized:
        if options.synthesized is None:
            with step("synthesize", output=sys.stderr if options.command == "outputs" else None):
                synthesize(output, os.environ)
        stacks(output, [options.stack])
    return Deployment(
        stack=options.stack,
        source=output / "stacks" / options.stack,
        folder=FOLDER / options.stack,
        environment=_environment(),
        installing=os.environ,
        running=os.environ,
    )


def _environment() -> str:
    return os.environ.get("ENVIRONMENT") or "development"


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m deployment",
        description="Deploys a stack: judges it, plans, judges the plan, and applies exactly that plan.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in _HELP.items():
        command = commands.add_parser(
            name, help=text, description=text, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        command.add_argument("stack", metavar="STACK", type=_stack_name, help="such as portal")
        command.add_argument(
            "--synthesized",
            type=Path,
            metavar="DIR",
            help=f"take the stack from this output folder instead of synthesizing it into {SYNTHESIZED}",
        )
        if name == "destroy":
            command.add_argument("--yes", action="store_true", help="do not ask; not for production")
    return parser


def _stack_name(text: str) -> str:
    if not text or text.startswith(".") or Path(text).name != text:
        raise argparse.ArgumentTypeError(f"{text!r} is not the name of a stack")
    return text


class _Parser(argparse.ArgumentParser):
    """Wrong arguments are bad input: exit code 3."""

    def error(self, message: str) -> "None":  # type: ignore[override]
        """One line, then the exit code of bad input."""
        self.exit(NOT_DEPLOYED, f"{self.prog}: {visible(masked(' '.join(message.split())))} (see --help)\n")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise Interrupted


if __name__ == "__main__":
    sys.exit(main())
