"""What a person is told when a command cannot do its work."""


class PipelineError(Exception):
    """The command failed; the message is one readable line. The published warehouse is as it was."""

    exit_code = 1


class HeldError(PipelineError):
    """The audit holds the new version back until a person accepts it."""

    exit_code = 3


class BusyError(PipelineError):
    """Another refresh is at work on the same warehouse."""

    exit_code = 4
