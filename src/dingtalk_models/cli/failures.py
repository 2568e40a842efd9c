"""Turns errors into one line and an exit code."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from dingtalk_models.core.language import said

if TYPE_CHECKING:
    from dingtalk_models.core.errors import ApiError


class ExitCode(IntEnum):
    """The exit codes of the command. docs/cli.md has the same table."""

    OK = 0
    FAILED = 1
    """Another error, or a bug of this program."""
    USAGE = 2
    """The command line is wrong: an unknown name, or an argument that is refused before it is sent."""
    CONFIGURATION = 3
    """Credentials, profile or extra are missing or malformed."""
    AUTHENTICATION = 4
    PERMISSION = 5
    NOT_FOUND = 6
    RATE_LIMIT = 7
    """Too many calls, or the quota is used up."""
    TRANSPORT = 8
    """No usable reply."""
    REFUSED = 9
    """The platform refused for another reason."""
    BUSY = 10
    """A temporary problem of the platform."""
    FILE = 11
    """A file cannot be read or written."""
    PARTLY = 12
    """Only a part was done, or the result is not known yet."""
    INTERRUPTED = 130
    """Ctrl-C."""
    BROKEN_PIPE = 141
    """The reader of the output has closed it."""


class CommandFailure(Exception):
    """Ends the command with an error line and an exit code.

    Attributes:
        message: the error, as "English / 中文".
        code: the exit code.
    """

    def __init__(self, message: str, code: ExitCode = ExitCode.USAGE) -> None:
        self.message = message
        self.code = code
        super().__init__(message)


def told(error: BaseException) -> tuple[str, ExitCode]:
    """Return the line for an error, and its exit code."""
    if isinstance(error, CommandFailure):
        return said(error.message), error.code
    if isinstance(error, UnicodeEncodeError):
        return said("a text has bytes that are not UTF-8 / 文本含有非 UTF-8 的字节"), ExitCode.USAGE
    from dingtalk_models.core import errors  # noqa: PLC0415 - only after a failure

    if isinstance(error, errors.InvalidArgument):
        problems = (f"{problem.field}: {said(problem.message)}" for problem in error.problems)
        return f"{error.operation}: {'; '.join(problems)}", ExitCode.USAGE
    if isinstance(error, errors.ApiError):
        return _refusal(error), _code(error)
    text = said(" ".join(str(error).split())) or type(error).__name__
    if error.__cause__ is not None and isinstance(error, errors.PartlyRead | errors.PartlySent):
        text = f"{text}: {told(error.__cause__)[0]}"
    return text, _code(error)


def _refusal(error: ApiError) -> str:
    from dingtalk_models.core.errors import PermissionDenied  # noqa: PLC0415 - only after a failure

    line = str(error).partition("\n")[0]
    if isinstance(error, PermissionDenied) and error.scopes:
        missing = said("missing scopes / 缺少权限")
        line += f" · {missing}: {', '.join(error.scopes)}" + (f" · {error.apply_url}" if error.apply_url else "")
    return " ".join((f"{line} · {said(error.hint)}" if error.hint else line).split())


def _code(error: BaseException) -> ExitCode:
    from dingtalk_models.core import errors  # noqa: PLC0415 - only after a failure

    by_cause: list[tuple[type[BaseException] | tuple[type[BaseException], ...], ExitCode]] = [
        ((errors.UnknownMethod, errors.InvalidArgument), ExitCode.USAGE),
        (errors.ConfigurationError, ExitCode.CONFIGURATION),
        (errors.AuthenticationError, ExitCode.AUTHENTICATION),
        (errors.PermissionDenied, ExitCode.PERMISSION),
        (errors.NotFound, ExitCode.NOT_FOUND),
        ((errors.RateLimited, errors.QuotaExhausted), ExitCode.RATE_LIMIT),
        (errors.TransportError, ExitCode.TRANSPORT),
        (errors.PlatformBusy, ExitCode.BUSY),
        (errors.ApiError, ExitCode.REFUSED),
        ((errors.PartlyRead, errors.PartlySent, errors.StillSending), ExitCode.PARTLY),
        ((errors.UnusableFile, OSError), ExitCode.FILE),
        (ModuleNotFoundError, ExitCode.CONFIGURATION),
    ]
    return next((code for kind, code in by_cause if isinstance(error, kind)), ExitCode.FAILED)
