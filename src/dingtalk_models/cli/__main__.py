"""`python -m dingtalk_models.cli`: the command `dingtalk-models`."""

from dingtalk_models.cli import main

if __name__ == "__main__":
    main()
