"""CLI: how a command fails: one line of cause, one line with the next command, an exit code."""

from __future__ import annotations

from enum import IntEnum

from twinledger.kernel.errors import FatalError, PermanentError, TransientError, TwinledgerError

__all__ = ["CommandError", "Exit", "as_command_error"]


class Exit(IntEnum):
    """The meaning of each exit code; scripts rely on it."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    PARTLY_DONE = 5
    UNAVAILABLE = 6
    INTERRUPTED = 130


class CommandError(TwinledgerError):
    """Ends the command; `next_command` is what a person should do."""

    def __init__(self, cause: str, next_command: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(cause)
        self.next_command = next_command
        self.code = code


def as_command_error(error: TwinledgerError) -> CommandError:
    """Kernel errors as the command line tells them; a FatalError may name its own next command."""
    if isinstance(error, CommandError):
        return error
    cause, _, named = str(error).partition("; try: ")
    if isinstance(error, TransientError):
        return CommandError(cause, named or "twinledger doctor", Exit.UNAVAILABLE)
    if isinstance(error, PermanentError | FatalError):
        return CommandError(cause, named or "twinledger doctor")
    return CommandError(cause, "the same command with --debug")
