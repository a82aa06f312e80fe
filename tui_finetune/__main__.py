"""`python -m tui_finetune` is the console script."""

from tui_finetune.cli.main import main

if __name__ == "__main__":
    main()
