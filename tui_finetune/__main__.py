"""The console script; `python -m tui_finetune` is the same."""

import sys


def main() -> None:
    """Runs the command line and exits with its code; ctrl+c while it is still being imported is as quiet as later."""
    try:
        from tui_finetune.cli.main import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
